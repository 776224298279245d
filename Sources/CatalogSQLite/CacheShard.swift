/// A part of a cache: a dictionary whose entries are given up by second chance, so that a hit writes one flag only.
struct CacheShard<Key: Hashable, Value> {
  /// Rises when a write holds the shard.
  var generation: UInt64 = 0
  var isHeld = false
  private(set) var byteCount = 0

  private let byteLimit: Int
  private var places: [HashedKey<Key>: Int] = [:]
  private var entries: [Entry?] = []
  private var free: [Int] = []
  private var hand = 0

  private struct Entry {
    let key: HashedKey<Key>
    let value: Value
    let bytes: Int
    var wasUsed: Bool
  }

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  mutating func value(for key: HashedKey<Key>) -> Value? {
    guard let place = places[key] else { return nil }
    entries[place]?.wasUsed = true
    return entries[place]?.value
  }

  /// What is larger than the shard is not kept.
  mutating func insert(_ value: Value, for key: HashedKey<Key>, bytes: Int) {
    guard bytes <= byteLimit else { return }
    remove(key)
    while byteCount + bytes > byteLimit { giveUpOne() }
    let entry = Entry(key: key, value: value, bytes: bytes, wasUsed: false)
    if let place = free.popLast() {
      entries[place] = entry
      places[key] = place
    } else {
      places[key] = entries.count
      entries.append(entry)
    }
    byteCount += bytes
  }

  mutating func remove(_ key: HashedKey<Key>) {
    guard let place = places.removeValue(forKey: key), let entry = entries[place] else { return }
    entries[place] = nil
    free.append(place)
    byteCount -= entry.bytes
  }

  mutating func removeAll() {
    (places, entries, free) = ([:], [], [])
    (byteCount, hand) = (0, 0)
  }

  /// Called only while there are entries: goes round at most twice.
  private mutating func giveUpOne() {
    while true {
      hand = (hand + 1) % entries.count
      guard let entry = entries[hand] else { continue }
      if !entry.wasUsed { return remove(entry.key) }
      entries[hand]?.wasUsed = false
    }
  }
}
