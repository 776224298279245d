/// When to try again what has failed: after a second, then after twice as long each time, up to a few minutes.
struct RetryTable<Key: Hashable & Sendable>: Sendable {
  typealias Instant = ContinuousClock.Instant

  private struct Entry: Sendable {
    var failures = 0
    var dueAt: Instant
  }

  /// What does not fit is not remembered: somebody else has to come back to it.
  let limit: Int
  private var entries: [Key: Entry] = [:]

  private static var first: Duration { .seconds(1) }
  private static var longest: Duration { .seconds(300) }

  init(limit: Int) { self.limit = limit }

  var count: Int { entries.count }

  /// When the next one is due; `nil`: nothing has failed.
  var nextDue: Instant? { entries.values.map(\.dueAt).min() }

  /// What may be tried now, the one that waits longest first.
  func due(at now: Instant, limit: Int) -> [Key] {
    entries.filter { $0.value.dueAt <= now }.sorted { $0.value.dueAt < $1.value.dueAt }.prefix(limit).map(\.key)
  }

  func isWaiting(_ key: Key, at now: Instant) -> Bool { entries[key].map { $0.dueAt > now } ?? false }

  mutating func failed(_ key: Key, at now: Instant) {
    guard entries[key] != nil || entries.count < limit else { return }
    var entry = entries[key] ?? Entry(dueAt: now)
    entry.dueAt = now + min(Self.first * (1 << min(entry.failures, 16)), Self.longest)
    entry.failures += 1
    entries[key] = entry
  }

  mutating func succeeded(_ key: Key) { entries[key] = nil }
}
