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
    /// Connections of the session of members, and those of them that show what they have piece by piece.
    public var memberPeers = 0
    public var veiledPeers = 0
    /// Pieces that were shown to peers one by one.
    public var shownPieces: Int64 = 0
    public var bannedPeers: Int64 = 0
    /// Seeds that showed nothing.
    public var cutPeers: Int64 = 0
  }

  private struct Look: Sendable {
    var tally = SwarmTally()
    var liveTorrents = 0
    var memberPeers = 0
    var veiledPeers = 0
  }

  private let last = Lock(Look())

  public init() {}

  /// Once in a while.
  public func look(at swarm: SwarmDesk) async {
    let live = await swarm.live()
    let members = live.filter { $0.session == .fleet }.map(\.torrent)
    last.withLock { last in
      last.tally.look(at: live.map(\.torrent))
      last.liveTorrents = live.count
      last.memberPeers = members.reduce(0) { $0 + $1.peers }
      last.veiledPeers = members.reduce(0) { $0 + $1.veiledPeers }
    }
  }

  public var numbers: Numbers {
    let last = last.withLock { $0 }
    let tally = last.tally
    var numbers = Numbers(
      liveTorrents: last.liveTorrents, peers: tally.peers, uploadedBytes: tally.uploadedBytes,
      downloadedBytes: tally.downloadedBytes, wastedBytes: tally.wastedBytes)
    (numbers.memberPeers, numbers.veiledPeers) = (last.memberPeers, last.veiledPeers)
    (numbers.shownPieces, numbers.bannedPeers) = (tally.shownPieces, tally.bannedPeers)
    numbers.cutPeers = tally.cutPeers
    return numbers
  }
}
