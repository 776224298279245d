/// What is to be looked at again, each time after twice as long. On the monotonic clock, in milliseconds.
///
/// Bounded: what does not fit is not remembered, and somebody else has to come back to it.
public struct LaterLooks<Key: Hashable & Sendable>: Sendable {
  private struct Look {
    var round = 0
    var dueAt: Int64
  }

  private let first: Int64
  private let longest: Int64
  private let limit: Int
  private var looks: [Key: Look] = [:]

  public init(first: Int64, longest: Int64, limit: Int) {
    (self.first, self.longest, self.limit) = (first, longest, limit)
  }

  public var count: Int { looks.count }

  public var keys: Set<Key> { Set(looks.keys) }

  /// `nil`: nothing is to be looked at.
  public var nextDue: Int64? { looks.values.map(\.dueAt).min() }

  public func isWaiting(_ key: Key, at now: Int64) -> Bool { looks[key].map { $0.dueAt > now } ?? false }

  /// How often in a row it was put off.
  public func round(of key: Key) -> Int { looks[key]?.round ?? 0 }

  /// The one that waits longest first.
  public func due(at now: Int64, limit: Int) -> [Key] {
    looks.filter { $0.value.dueAt <= now }.sorted { $0.value.dueAt < $1.value.dueAt }.prefix(limit).map(\.key)
  }

  /// A first look, unless there is one to come.
  public mutating func note(_ key: Key, at now: Int64) {
    guard looks[key] == nil, looks.count < limit else { return }
    looks[key] = Look(dueAt: now + first)
  }

  public mutating func putOff(_ key: Key, at now: Int64) {
    guard looks[key] != nil || looks.count < limit else { return }
    var look = looks[key] ?? Look(dueAt: now)
    look.dueAt = now + min(first << min(look.round, 16), longest)
    look.round += 1
    looks[key] = look
  }

  public mutating func settle(_ key: Key) { looks[key] = nil }
}
