import RegistryCore

/// Which members may connect for which torrents: those that asked for a blob of a repository and were answered, for a
/// while. A torrent is what a handshake says of it: `InfoHash.short`. Told the time; bounded.
struct SwarmGuests: Sendable {
  typealias Instant = ContinuousClock.Instant

  private struct Guest: Sendable {
    let member: NodeID
    let repository: RepositoryName
    var until: Instant
  }

  private let limit: Int
  private let memory: Duration
  /// By the torrent's short hash, who came last at the end.
  private var guests: [[UInt8]: [Guest]] = [:]
  private(set) var count = 0

  init(limit: Int, memory: Duration) { (self.limit, self.memory) = (limit, memory) }

  mutating func note(_ member: NodeID, for torrent: [UInt8], in repository: RepositoryName, at now: Instant) {
    makeRoom(at: now)
    var known = guests[torrent] ?? []
    let before = known.count
    known.removeAll { ($0.member == member && $0.repository == repository) || $0.until <= now }
    known.append(Guest(member: member, repository: repository, until: now + memory))
    guests[torrent] = known
    count += known.count - before
  }

  /// The repositories for which a member asked; empty: it may not have the torrent.
  func repositories(of member: NodeID, for torrent: [UInt8], at now: Instant) -> [RepositoryName] {
    (guests[torrent] ?? []).filter { $0.member == member && $0.until > now }.map(\.repository)
  }

  /// Others that asked for the same: they have some of it by now, or are getting it. Who came last is the first.
  func others(
    than member: NodeID, for torrent: [UInt8], in repository: RepositoryName, at now: Instant, limit: Int
  ) -> [NodeID] {
    let others = (guests[torrent] ?? []).filter {
      $0.member != member && $0.repository == repository && $0.until > now
    }
    return others.reversed().prefix(limit).map(\.member)
  }

  /// When all are still welcome, all are forgotten: that costs them a question, and they ask every few seconds.
  private mutating func makeRoom(at now: Instant) {
    guard count >= limit else { return }
    guests = guests.mapValues { $0.filter { $0.until > now } }.filter { !$0.value.isEmpty }
    count = guests.values.reduce(0) { $0 + $1.count }
    if count >= limit { (guests, count) = ([:], 0) }
  }
}
