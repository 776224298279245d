import BlockingWork
import RegistryCore

/// The swarms of a node that runs, over its desks.
public struct RunningSwarms: SwarmOperations {
  private let swarm: SwarmDesk
  private let fetchDesk: FetchDesk
  private let work: BlockingPool

  /// `nil` for a node that speaks no BitTorrent.
  /// - Parameter work: threads on which a torrent from outside is hashed.
  public init?(_ registry: Registry, work: BlockingPool) {
    guard let swarm = registry.swarm, let fetches = registry.fetches else { return nil }
    self.swarm = swarm
    self.work = work
    fetchDesk = fetches
  }

  public var publicTrouble: RegistryError? { swarm.publicTrouble }

  public func live() async -> [LiveTorrent] { await swarm.live().map(\.torrent) }

  public func peers(of torrent: LiveTorrent) async -> [ConnectedPeer] { await swarm.peers(of: torrent) }

  public func start(_ digest: Digest) async throws(RegistryError) { try await swarm.start(digest) }

  public func stop(_ digest: Digest) async throws(RegistryError) { try await swarm.stop(digest) }

  public func rest(_ digest: Digest) async throws(RegistryError) { try await swarm.forgetWish(digest) }

  /// From strangers: who hands the node a torrent knows its peers from outside.
  public func fetch(_ order: FetchOrder) async throws(RegistryError) {
    let torrent = try await work.run { () throws(RegistryError) in
      try order.torrent.torrent(version: order.torrent.versions[0], digest: order.digest).adding(order.trackers)
    }
    try await fetchDesk.begin(
      FetchRequest(torrent: torrent, peers: order.peers, repository: order.repository, session: .public))
  }

  public func fetches() async -> [FetchReport] { await fetchDesk.progress().map(FetchReport.init) }

  public func cancelFetch(of digest: Digest) async throws(RegistryError) {
    guard await fetchDesk.cancel(digest) else {
      throw RegistryError(.blobUnknown, "nobody fetches \(digest) here")
    }
  }
}

extension FetchReport {
  init(_ progress: FetchProgress) {
    let state: State =
      switch progress.state {
      case .arriving, .sealing: .running
      case .complete: .finished
      case .failed(let error): .failed(error)
      }
    self.init(
      digest: progress.digest, repositories: progress.repositories, size: progress.size,
      verifiedBytes: progress.verifiedBytes, peers: progress.peers, bytesPerSecond: progress.downloadBytesPerSecond,
      state: state, firstPieceAfter: progress.firstPieceAfter, wholeAfter: progress.wholeAfter,
      completeAfter: progress.completeAfter)
  }
}

extension SwarmTorrent {
  fileprivate func adding(_ more: [String]) -> SwarmTorrent {
    SwarmTorrent(
      digest: digest, size: size, pieceBytes: pieceBytes, infoHash: infoHash, info: info, pieceLayer: pieceLayer,
      trackers: trackers + more.filter { !trackers.contains($0) })
  }
}
