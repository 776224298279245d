import RegistryCore
import RegistryService
import Wire

/// Blobs from ordinary BitTorrent peers: by a .torrent file in the request's body, or by a magnet link.
extension TorrentOperations {
  private static let peerLimit = 256

  /// A line of JSON for each step until the blob is here or cannot be had. Whoever goes away does not end the fetch.
  func fetch(_ query: Query, _ body: any RequestBody) async throws(RegistryError) -> Response {
    let swarm = try swarm()
    let (digest, repository) = (try query.digest(), try query.repository())
    let peers = try peers(query)
    if let text = query["magnet"] {
      let link = try MagnetLink(parsing: text)
      guard let resolve = torrents?.resolveMagnet else {
        throw RegistryError(.unsupported, "this node resolves no magnet links; give it the .torrent file")
      }
      return .lines(
        FetchLines(swarm, digest, repository) { () async throws(RegistryError) in
          FetchOrder(
            digest: digest, repository: repository, torrent: try await resolve(link, peers), trackers: link.trackers,
            peers: peers + link.peers)
        })
    }
    let torrent = try TorrentDocument(parsing: try await body.collected(atMost: TorrentDocument.byteLimit))
    let order = FetchOrder(digest: digest, repository: repository, torrent: torrent, peers: peers)
    return .lines(FetchLines(swarm, digest, repository) { () async throws(RegistryError) in order })
  }

  func progress(of digest: Digest) async throws(RegistryError) -> FetchDocument {
    guard let report = try await swarm().fetches().first(where: { $0.digest == digest }) else {
      throw RegistryError(.blobUnknown, "nobody fetches \(digest) here")
    }
    return FetchDocument(report)
  }

  func cancelFetch(_ digest: Digest) async throws(RegistryError) -> Response {
    try await swarm().cancelFetch(of: digest)
    return Response(status: 204)
  }

  private func peers(_ query: Query) throws(RegistryError) -> [PeerEndpoint] {
    var peers: [PeerEndpoint] = []
    for text in query.all("peer").prefix(Self.peerLimit) {
      guard let peer = PeerEndpoint(parsing: text) else {
        throw RegistryError(.torrentInvalid, "a peer is ADDRESS:PORT, for example 192.0.2.7:6881")
      }
      peers.append(peer)
    }
    return peers
  }
}

extension RequestBody {
  fileprivate func collected(atMost limit: Int) async throws(RegistryError) -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try await piece() {
      guard bytes.count + piece.count <= limit else {
        throw RegistryError(.torrentInvalid, "a .torrent file has at most \(limit >> 20) MiB")
      }
      bytes += piece
    }
    return bytes
  }
}

/// A fetch from its order to its end, looked at a few times a second, and at first more often: a small blob is here in
/// milliseconds.
private final class FetchLines: LineSource, @unchecked Sendable {
  // Unchecked: a response is written by one task, one line after the other.
  private enum Stage {
    case ordered
    case resolving
    case running
    case ended
  }

  private let swarm: any SwarmOperations
  private let digest: Digest
  private let repository: RepositoryName
  private let order: @Sendable () async throws(RegistryError) -> FetchOrder
  private var stage = Stage.ordered

  private var pause = Duration.milliseconds(5)
  private static let longestPause = Duration.milliseconds(200)

  init(
    _ swarm: any SwarmOperations, _ digest: Digest, _ repository: RepositoryName,
    order: @escaping @Sendable () async throws(RegistryError) -> FetchOrder
  ) {
    self.swarm = swarm
    self.digest = digest
    self.repository = repository
    self.order = order
  }

  func next() async throws -> FetchDocument? {
    switch stage {
    case .ordered:
      stage = .resolving
      return FetchDocument(resolving: digest, repository)
    case .resolving:
      do throws(RegistryError) {
        try await swarm.fetch(try await order())
        stage = .running
      } catch {
        stage = .ended
        return FetchDocument(digest, repository, failedBy: error)
      }
      return try await look()
    case .running:
      try await Task.sleep(for: pause)
      pause = min(pause * 2, Self.longestPause)
      return try await look()
    case .ended: return nil
    }
  }

  private func look() async throws -> FetchDocument? {
    guard let report = await swarm.fetches().first(where: { $0.digest == digest }) else {
      // Nothing had to be fetched, or others finished it so long ago that it is shown no more.
      stage = .ended
      return FetchDocument(present: digest, repository)
    }
    if case .running = report.state { return FetchDocument(report) }
    stage = .ended
    return FetchDocument(report)
  }
}
