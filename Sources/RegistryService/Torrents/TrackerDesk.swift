import BlockingWork
import RegistryCore
import Synchronization
import Telemetry

/// The tracker of this node's public torrents: who is in which swarm. It keeps peers in memory alone; they come back by
/// themselves within an interval.
public final class TrackerDesk: Sendable {
  public struct Limits: Sendable {
    /// How often a peer should come back, and at most. Shorter than torrents stay live that nobody asks for.
    public var intervalSeconds = 300
    public var leastIntervalSeconds = 30
    public var torrents = 10_000
    public var peers = 200_000
    public var peersPerTorrent = 2000
    /// Over all torrents. Clients behind one NAT share an address.
    public var entriesPerAddress = 2000

    public init() {}
  }

  private let tickets: any Tickets
  private let desk: TorrentDesk
  private let limits: Limits
  private let wake: @Sendable (Digest) async throws(RegistryError) -> Void
  private let log: Logger
  private let table: Lock<PeerTable>
  private let announces = Atomic<Int>(0)
  private let refusals = Atomic<Int>(0)

  /// A client is answered after so long, whether or not the torrent is live by then.
  private static let wakingPatience = Duration.seconds(2)

  /// - Parameter wake: makes the torrents of a blob live, which may be resting: somebody wants them.
  public init(
    _ tickets: any Tickets, desk: TorrentDesk, limits: Limits = Limits(), log: Logger,
    wake: @escaping @Sendable (Digest) async throws(RegistryError) -> Void
  ) {
    self.tickets = tickets
    self.log = log
    self.desk = desk
    self.limits = limits
    self.wake = wake
    table = Lock(PeerTable(limits: PeerTable.Limits(limits)))
  }

  /// - Parameters:
  ///   - address: of the client's connection. What he says of it himself counts for nothing: with that he could point a
  ///     swarm at anybody.
  ///   - own: where this node's public session can be reached, as the client sees it.
  ///   - start: any number: which of many peers come first.
  public func announce(
    _ query: AnnounceQuery, from address: String, own: PeerEndpoint?, nowSeconds now: Int64, start: UInt64
  ) async throws(RegistryError) -> Result<AnnounceAnswer, AnnounceRefusal> {
    announces.add(1, ordering: .relaxed)
    guard let digest = try await tickets.digest(ofTorrent: query.infoHash), try await desk.isPublic(digest) else {
      // The same answer for what is not here and for what is private.
      return refused("this tracker does not know the torrent")
    }
    // Who has a magnet link only cannot know what is left, and some say 0: one that only begins may want anything.
    let peer = PeerTable.Entry(
      endpoint: PeerEndpoint(address: address, port: query.port), isSeed: query.left == 0 && query.event != .started)
    guard query.event != .stopped else {
      table.withLock { $0.remove(peer.endpoint, from: query.infoHash) }
      return .success(answer(to: query, []))
    }
    do throws(PeerTable.Refusal) {
      try table.withLock { table throws(PeerTable.Refusal) in try table.enter(peer, into: query.infoHash, now: now) }
    } catch {
      switch error {
      case .full: return refused("this tracker is full; try again later")
      case .tooManyOfAddress: return refused("too many torrents are announced from \(address)")
      }
    }
    guard !peer.isSeed else { return .success(answer(to: query, peers(for: peer, query, start))) }
    await wakeUp(digest)
    return .success(answer(to: query, ([own].compactMap(\.self) + peers(for: peer, query, start))))
  }

  public var statistics: TrackerStatistics {
    let (torrents, peers) = table.withLock { ($0.torrentCount, $0.peerCount) }
    return TrackerStatistics(
      torrents: torrents, peers: peers, announces: announces.load(ordering: .relaxed),
      refusals: refusals.load(ordering: .relaxed))
  }

  private func refused(_ reason: String) -> Result<AnnounceAnswer, AnnounceRefusal> {
    refusals.add(1, ordering: .relaxed)
    return .failure(AnnounceRefusal(reason))
  }

  private func peers(for peer: PeerTable.Entry, _ query: AnnounceQuery, _ start: UInt64) -> [PeerEndpoint] {
    table.withLock { $0.peers(for: peer, of: query.infoHash, count: query.wanted, start: start) }
  }

  private func answer(to query: AnnounceQuery, _ peers: [PeerEndpoint]) -> AnnounceAnswer {
    let numbers = table.withLock { $0.numbers(of: query.infoHash) }
    return AnnounceAnswer(
      interval: limits.intervalSeconds, leastInterval: limits.leastIntervalSeconds, complete: numbers.seeds,
      incomplete: numbers.others, peers: Array(peers.prefix(query.wanted)))
  }

  /// A client connects as soon as it has its answer, and would be turned away by a torrent that still rests.
  private func wakeUp(_ digest: Digest) async {
    do throws(RegistryError) {
      try await within(Self.wakingPatience) { [wake] () async throws(RegistryError) in try await wake(digest) }
    } catch {
      // An operator stopped it: that is no news.
      guard error.code != .denied else { return }
      log.warning(
        "a torrent that somebody wants is not live", LogField("digest", digest.description),
        LogField("error", error.description))
    }
  }
}

public struct TrackerStatistics: Hashable, Sendable {
  public let torrents: Int
  public let peers: Int
  public let announces: Int
  public let refusals: Int
}

extension PeerTable.Limits {
  fileprivate init(_ limits: TrackerDesk.Limits) {
    torrents = limits.torrents
    peers = limits.peers
    peersPerTorrent = limits.peersPerTorrent
    entriesPerAddress = limits.entriesPerAddress
    // Two announces may be missed.
    expirySeconds = Int64(2 * limits.intervalSeconds + 60)
  }
}
