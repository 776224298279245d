import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct AnswerCacheTests {
  private func cache(bytes: Int = 32 * 1_000) -> AnswerCache<String, Int> {
    AnswerCache(byteLimit: bytes) { _, value in value }
  }

  @Test func whatIsKeptIsFound() {
    let cache = cache()
    cache.keep(1, for: "a", permit: cache.permit("a"))
    #expect(cache.value("a") == 1)
    #expect(cache.value("b") == nil)
  }

  @Test func aReaderThatBeganBeforeAWriteKeepsNothing() {
    let cache = cache()
    let early = cache.permit("a")
    cache.hold(["a"])
    cache.keep(1, for: "a", permit: early)
    #expect(cache.value("a") == nil, "while the write is on its way")
    cache.release(["a"])
    cache.keep(1, for: "a", permit: early)
    #expect(cache.value("a") == nil, "after the write")
  }

  @Test func aReaderThatBeganDuringAWriteKeepsNothing() {
    let cache = cache()
    cache.hold(["a"])
    let during = cache.permit("a")
    cache.release(["a"])
    cache.keep(1, for: "a", permit: during)
    #expect(during == nil && cache.value("a") == nil)
  }

  @Test func aWriteForgetsWhatItChangesAndReadersFillItAgain() {
    let cache = cache()
    cache.keep(1, for: "a", permit: cache.permit("a"))
    cache.hold(["a", "a"])
    #expect(cache.value("a") == nil)
    cache.release(["a", "a"])
    cache.keep(2, for: "a", permit: cache.permit("a"))
    #expect(cache.value("a") == 2)
  }

  @Test func memoryIsBounded() {
    var shard = CacheShard<Int, String>(byteLimit: 1_000)
    for number in 0..<1_000 {
      shard.insert("\(number)", for: HashedKey(number), bytes: 1 + number % 300)
      #expect(shard.byteCount <= 1_000)
    }
    #expect(shard.value(for: HashedKey(999)) == "999")
    #expect(shard.value(for: HashedKey(0)) == nil)
    for number in 0..<1_000 { shard.remove(HashedKey(number)) }
    #expect(shard.byteCount == 0)
  }

  @Test func whatIsLargerThanAShardIsNotKeptAndDrivesNothingOut() {
    var shard = CacheShard<Int, String>(byteLimit: 100)
    shard.insert("small", for: HashedKey(1), bytes: 50)
    shard.insert("large", for: HashedKey(2), bytes: 101)
    #expect(shard.value(for: HashedKey(2)) == nil)
    #expect(shard.value(for: HashedKey(1)) == "small")
  }

  @Test func whatIsAskedForStaysLonger() {
    var shard = CacheShard<Int, String>(byteLimit: 100)
    for number in 0..<10 { shard.insert("\(number)", for: HashedKey(number), bytes: 10) }
    for number in 10..<100 {
      #expect(shard.value(for: HashedKey(3)) == "3", "asked for in every round, at \(number)")
      shard.insert("\(number)", for: HashedKey(number), bytes: 10)
    }
  }

  @Test func aChangedEntryCountsOnce() {
    var shard = CacheShard<Int, String>(byteLimit: 100)
    for _ in 0..<50 { shard.insert("again", for: HashedKey(1), bytes: 60) }
    #expect(shard.byteCount == 60)
  }

  /// Readers hammer a tag while it moves; whoever moved it must see where it is, each time.
  @Test func noAnswerIsOlderThanAnAcknowledgedWrite() async throws {
    try await withCatalog { catalog in
      let name = try RepositoryName(parsing: "team/app")
      let latest = Reference.tag(try Tag(parsing: "latest"))
      var images: [ManifestFixture] = []
      try await catalog.link(.holding("config"), to: name)
      for number in 0..<2 {
        images.append(try .image(config: .holding("config"), annotations: ["version": "\(number)"]))
      }
      let stop = Lock(false)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<3 {
          tasks.addTask {
            while !stop.withLock({ $0 }) {
              _ = try await catalog.resolve(latest, in: name)
              // A hit does not suspend: without this the readers would keep the whole cooperative pool.
              await Task.yield()
            }
          }
        }
        defer { stop.withLock { $0 = true } }
        for round in 0..<150 {
          let image = images[round % 2]
          let publication = Publication(
            repository: name, digest: image.digest, document: image.document, tags: [try Tag(parsing: "latest")])
          _ = try await catalog.publish(publication)
          for _ in 0..<20 {
            let seen = try await catalog.resolve(latest, in: name)
            #expect(seen?.digest == image.digest, "round \(round)")
          }
        }
      }
    }
  }
}

extension AnswerCache {
  fileprivate func value(_ key: Key) -> Value? {
    if case .hit(let value) = lookup(key) { value } else { nil }
  }

  fileprivate func permit(_ key: Key) -> Permit? {
    if case .miss(let permit) = lookup(key) { permit } else { nil }
  }
}
