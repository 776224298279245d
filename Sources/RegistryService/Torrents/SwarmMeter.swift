import BlockingWork
import RegistryCore

/// The numbers of a node's swarms for its metrics, which are read without waiting: as of the last look.
public final class SwarmMeter: Sendable {
  public struct Numbers: Hashable, Sendable {
    public var liveTorrents = 0
    public var peers = 0
    public var uploadedBytes: Int64 = 0
    public var downloadedBytes: Int64 = 0
    public var wastedBytes: Int64 = 0
  }

  private let tally = Lock((SwarmTally(), 0))

  public init() {}

  /// Once in a while.
  public func look(at swarm: SwarmDesk) async {
    let live = await swarm.live().map(\.torrent)
    tally.withLock { tally in
      tally.0.look(at: live)
      tally.1 = live.count
    }
  }

  public var numbers: Numbers {
    let (tally, count) = tally.withLock { $0 }
    return Numbers(
      liveTorrents: count, peers: tally.peers, uploadedBytes: tally.uploadedBytes,
      downloadedBytes: tally.downloadedBytes, wastedBytes: tally.wastedBytes)
  }
}
