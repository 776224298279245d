import BlockingWork
import RegistryCore
import Telemetry

/// Members that sent this node wrong bytes, for as long as it is in its fleet: nothing of a blob is taken from them in
/// swarms, nor given, and over the channel only where nobody else has it. Any thread.
///
/// Nobody is here by another's lie. A swarm bans who sent every block of a piece that failed, or a block other than the one
/// that passed later; the channel, who sent a whole piece that is not what the ticket says which that member itself
/// vouched for. It is not told to others: a liar would have honest members banned.
public final class BannedMembers: Sendable {
  public static let memory = Duration.seconds(3600)
  public static let limit = 1024

  private struct State {
    var book = BanBook(limit: limit, memory: memory)
    var follow: @Sendable (NodeID) -> Void = { _ in }
    /// Who was banned from a torrent first, and when.
    var firstInTorrent: [InfoHash: (member: NodeID, at: ContinuousClock.Instant)] = [:]
  }

  private let log: Logger
  private let state = Lock(State())

  init(log: Logger) { self.log = log }

  /// From now on told who is banned; from any thread, must not block.
  public func follow(_ follow: @escaping @Sendable (NodeID) -> Void) { state.withLock { $0.follow = follow } }

  public func note(
    _ member: NodeID, _ way: BanBook.Way, _ digest: Digest?, at now: ContinuousClock.Instant = .now
  ) {
    let follow = state.withLock { state in state.book.note(member, way, digest, at: now) ? state.follow : nil }
    guard let follow else { return }
    log.warning(
      "a member sent wrong bytes; for an hour no blob is taken from it while others have it: look at its disk, or who runs it",
      LogField("member", member.description), LogField("source", way.rawValue),
      LogField("digest", digest?.description ?? ""))
    follow(member)
  }

  /// For so long after one was banned from a torrent, another's ban from it is no proof: a piece that the first had a part in
  /// may fail when the engine knows of the second alone.
  static let doubtfulPatience = Duration.seconds(60)

  func isProof(against member: NodeID, in torrent: InfoHash, at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      state.firstInTorrent = state.firstInTorrent.filter { now - $0.value.at < Self.doubtfulPatience }
      if let first = state.firstInTorrent[torrent] { return first.member == member }
      guard state.firstInTorrent.count < Self.limit else { return false }
      state.firstInTorrent[torrent] = (member, now)
      return true
    }
  }

  public func isBanned(_ member: NodeID, at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { $0.book.isBanned(member, at: now) }
  }

  public func all(at now: ContinuousClock.Instant = .now) -> [BanBook.Ban] { state.withLock { $0.book.all(at: now) } }

  /// The node is in its fleet anew, or in another.
  public func forgetAll() { state.withLock { $0.book.forgetAll() } }
}

extension Registry {
  /// A swarm of members has banned one from a torrent.
  public func noteLiar(_ member: NodeID, in torrent: InfoHash) {
    guard bans.isProof(against: member, in: torrent) else { return }
    bans.note(member, .swarm, fetches?.fetches.digest(ofTorrent: torrent.short) ?? swarm?.digest(of: torrent))
  }
}
