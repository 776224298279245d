import BlockingWork

/// Answers of the database that are asked for often, in bounded memory. Any thread; each call holds one short lock.
///
/// Never stale: a write holds the keys that it changes from before its COMMIT until after it, and a reader keeps an
/// answer only under a permit from before its read, which ends when a write holds the key's shard meanwhile. So whoever
/// was told of a write, and whoever saw it in the database, is never answered as before it.
final class AnswerCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let shards: [Lock<CacheShard<Key, Value>>]
  private let cost: @Sendable (Key, Value) -> Int

  /// A write bars the shards of its keys for the time of a COMMIT; with this many the others go on filling.
  private static var shardCount: Int { 32 }

  enum Lookup {
    case hit(Value)
    /// `nil`: a write is under way; the answer may be used but not kept.
    case miss(Permit?)
  }

  struct Permit: Sendable {
    fileprivate let generation: UInt64
  }

  /// - Parameter cost: the bytes that an answer takes.
  init(byteLimit: Int, cost: @escaping @Sendable (Key, Value) -> Int) {
    shards = (0..<Self.shardCount).map { _ in Lock(CacheShard(byteLimit: byteLimit / Self.shardCount)) }
    self.cost = cost
  }

  func lookup(_ key: Key) -> Lookup {
    let hashed = HashedKey(key)
    return shard(of: hashed).withLock { shard in
      if let value = shard.value(for: hashed) { return .hit(value) }
      return .miss(shard.isHeld ? nil : Permit(generation: shard.generation))
    }
  }

  func keep(_ value: Value, for key: Key, permit: Permit?) {
    guard let permit else { return }
    let hashed = HashedKey(key)
    let bytes = cost(key, value)
    shard(of: hashed).withLock { shard in
      if permit.generation == shard.generation { shard.insert(value, for: hashed, bytes: bytes) }
    }
  }

  /// Forgets the keys and bars their shards. Before a COMMIT that changes them, by the one writer; then `release`.
  func hold(_ keys: [Key]) {
    for key in keys {
      let hashed = HashedKey(key)
      shard(of: hashed).withLock { shard in
        shard.remove(hashed)
        shard.generation += 1
        shard.isHeld = true
      }
    }
  }

  func release(_ keys: [Key]) {
    for key in keys { shard(of: HashedKey(key)).withLock { $0.isHeld = false } }
  }

  /// As `hold` of every key that there is.
  func holdAll() {
    for shard in shards {
      shard.withLock { shard in
        shard.removeAll()
        shard.generation += 1
        shard.isHeld = true
      }
    }
  }

  func releaseAll() {
    for shard in shards { shard.withLock { $0.isHeld = false } }
  }

  private func shard(of key: HashedKey<Key>) -> Lock<CacheShard<Key, Value>> {
    // The hash's upper bits: its lower ones choose the place in the shard's dictionary.
    shards[Int(truncatingIfNeeded: UInt(bitPattern: key.hash) >> 56) % Self.shardCount]
  }
}

/// A key with its hash, so that names of some hundred bytes are hashed once a question.
struct HashedKey<Key: Hashable>: Hashable {
  let key: Key
  let hash: Int

  init(_ key: Key) {
    self.key = key
    hash = key.hashValue
  }

  func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  static func == (left: HashedKey, right: HashedKey) -> Bool { left.hash == right.hash && left.key == right.key }
}
