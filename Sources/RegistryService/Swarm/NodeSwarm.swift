import BlockingWork
import RegistryCore

/// The swarms of a node and its fetches, as its operator asks for them.
public struct NodeSwarm: SwarmOperations {
  private let desk: SwarmDesk
  private let fetchDesk: FetchDesk
  private let work: BlockingPool

  init(_ desk: SwarmDesk, _ fetchDesk: FetchDesk, work: BlockingPool) {
    (self.desk, self.fetchDesk, self.work) = (desk, fetchDesk, work)
  }

  public func live() async -> [LiveTorrent] { await desk.live().map(\.torrent) }

  public func start(_ digest: Digest) async throws(RegistryError) { try await desk.start(digest) }

  public func stop(_ digest: Digest) async throws(RegistryError) { try await desk.stop(digest) }

  /// From strangers. Of a torrent of both versions the first is taken: every client that has it speaks that.
  public func fetch(_ order: FetchOrder) async throws(RegistryError) {
    let version = order.torrent.versions.contains(.v1) ? TorrentVersion.v1 : .v2
    let torrent = try await work.run { () throws(RegistryError) in
      try order.torrent.torrent(version: version, digest: order.digest)
    }
    try await fetchDesk.begin(
      FetchRequest(torrent: torrent, peers: order.peers, repository: order.repository, session: .public))
  }

  public func fetches() async -> [FetchReport] { await fetchDesk.progress().compactMap { FetchReport($0) } }

  public func cancelFetch(of digest: Digest) async throws(RegistryError) {
    guard try await fetchDesk.cancel(digest) else {
      throw RegistryError(.blobUnknown, "nobody fetches \(digest) here", detail: [digest.description])
    }
  }
}

extension FetchReport {
  fileprivate init?(_ progress: FetchProgress) {
    guard let repository = progress.repositories.first else { return nil }
    let state: State =
      switch progress.state {
      case .arriving, .sealing: .running
      case .complete: .finished
      case .failed(let error): .failed(error)
      }
    self.init(
      digest: progress.digest, repository: repository, size: progress.size, verifiedBytes: progress.verifiedBytes,
      peers: progress.peers, bytesPerSecond: progress.downloadBytesPerSecond, state: state)
  }
}
