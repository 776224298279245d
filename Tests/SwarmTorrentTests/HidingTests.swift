import BlockingWork
import CTorrent
import RegistryCore
import SwarmCore
import Testing

@testable import SwarmTorrent

/// Seeds that hide what they have, between real sessions.
@Suite struct HidingTests {
  private static let size = 32 * 64 * 1024

  @Test func aPeerOfAHiddenSeedGetsWhatItIsShownAndNothingElse() async throws {
    try await TestShim.two { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 310)
      let target = try TestTarget(size: Self.size)
      let torrent = try await seed.seed(blob)
      _ = try await other.fetch(blob, into: target, from: seed)
      let joined = try await seed.next(CT_WORD_JOINED)
      #expect(joined.flags == UInt16(CT_JOINED_VEILED.rawValue))

      let heard = Lock(HeardWords())
      let pieces = Lock<Set<Int>>([])
      func verified(_ count: Int) async throws -> Set<Int> {
        try await other.listen { events, words in
          heard.withLock { $0.take(words) }
          return pieces.withLock { pieces in
            pieces.formUnion(events.filter { $0.kind == CT_EVENT_PIECE }.map { Int($0.piece) })
            return pieces.count >= count
          }
        }
        return pieces.withLock { $0 }
      }
      try seed.session.reveal([3, 30, 7], of: torrent, to: joined.peer)
      #expect(try await verified(3) == [3, 7, 30])
      try seed.session.reveal([1], of: torrent, to: joined.peer)
      #expect(try await verified(4) == [1, 3, 7, 30])
      let shown = heard.withLock(\.all).filter { ct_word_kind(UInt32($0.kind)) == CT_WORD_SHOWN }.map(\.piece)
      #expect(shown == [3, 30, 7, 1])
      #expect(heard.withLock(\.all).dropFirst().first?.kind == UInt16(CT_WORD_SWALLOWED.rawValue))

      try seed.session.open(torrent, to: joined.peer)
      #expect(try await verified(blob.v2.pieceCount).count == blob.v2.pieceCount)
      #expect(heard.withLock(\.all).contains { ct_word_kind(UInt32($0.kind)) == CT_WORD_OPENED })
      #expect(try target.bytes == blob.bytes)
    }
  }

  @Test func whatIsSuggestedIsHeardAsWantedOverThere() async throws {
    try await TestShim.two { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 311)
      let target = try TestTarget(size: Self.size)
      _ = try await seed.seed(blob)
      let torrent = try await other.fetch(blob, into: target, from: seed)
      let joined = try await other.next(CT_WORD_SWALLOWED)
      try other.session.suggest([9, 4], of: torrent, to: joined.peer)
      let wanted = Lock<[Int32]>([])
      try await seed.listen { _, words in
        wanted.withLock { wanted in
          wanted += words.filter { ct_word_kind(UInt32($0.kind)) == CT_WORD_WANTS }.map(\.piece)
          return wanted.count == 2
        }
      }
      #expect(wanted.withLock { $0 } == [9, 4])
    }
  }

  /// The seed is a session that says it has everything, as one that hides does, and shows nothing.
  @Test func aSeedThatShowsNothingIsCutAfterASecondAndBelievedWhenItComesAgain() async throws {
    try await TestEngines.with { engines in
      let work = BlockingPool(name: "test-mute", threads: 2)
      defer { work.stop() }
      let blob = try TestBlob(bytes: Self.size, seed: 312)
      let (seed, target) = (try TestShim(3, work: work), try TestTarget(size: Self.size))
      _ = try await seed.seed(blob)
      let (engine, events) = (try await engines.fleet(2), TestEvents())
      let began = ContinuousClock.now
      try await engine.fetch(
        blob.v2, into: target.file, from: seed.session.endpoints, observer: events.observer)
      let first = try await seed.next(CT_WORD_JOINED)
      // It comes again after two seconds: what is here is looked at in the moment of the cut.
      let cut = Lock<(peer: UInt32, pieces: [Int])?>(nil)
      try await seed.listen { _, words in
        guard let left = words.first(where: { ct_word_kind(UInt32($0.kind)) == CT_WORD_LEFT }) else { return false }
        cut.withLock { $0 = (left.peer, events.pieces) }
        return true
      }
      let (peer, pieces) = try #require(cut.withLock { $0 })
      #expect(peer == first.peer)
      #expect(ContinuousClock.now - began > .milliseconds(700))
      #expect(pieces.isEmpty)
      try await events.whole()
      #expect(try target.bytes == blob.bytes)
      await seed.close()
    }
  }

  @Test func aFetchTellsWhatItsSeedHasShownAndSent() async throws {
    try await TestEngines.with { engines in
      let work = BlockingPool(name: "test-showing", threads: 2)
      defer { work.stop() }
      let blob = try TestBlob(bytes: Self.size, seed: 316)
      let (seed, target) = (try TestShim(3, work: work), try TestTarget(size: Self.size))
      let torrent = try await seed.seed(blob)
      let (engine, events) = (try await engines.fleet(2), TestEvents())
      try await engine.fetch(blob.v2, into: target.file, from: seed.session.endpoints, observer: events.observer)
      let joined = try await seed.next(CT_WORD_JOINED)
      try seed.session.reveal([3, 30, 7], of: torrent, to: joined.peer)
      for piece in [3, 7, 30] {
        _ = try await events.wait("piece \(piece)") { if case .verified(piece) = $0 { true } else { false } }
      }
      let peers = await engine.peers(of: blob.v2.infoHash)
      #expect(peers.map(\.endpoint) == seed.session.endpoints)
      #expect(peers.map(\.pieces) == [3] && !peers.contains(where: \.isSeed))
      #expect(peers.allSatisfy { $0.downloadedBytes >= 3 * 64 * 1024 && $0.uploadedBytes == 0 })
      let others = await engine.peers(of: try TestBlob(bytes: 10, seed: 317).v2.infoHash)
      #expect(others.isEmpty, "of what is not live")
      await seed.close()
    }
  }

  /// Nobody answers for the fetching session here, so that what it is shown can be seen.
  @Test func anEngineThatSeedsShowsItsPiecesOneByOneFromTheFront() async throws {
    try await TestEngines.with { engines in
      let work = BlockingPool(name: "test-shown", threads: 2)
      defer { work.stop() }
      let blob = try TestBlob(bytes: 64 * 64 * 1024, seed: 313)
      let (engine, other) = (try await engines.fleet(1), try TestShim(2, work: work))
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      _ = try await other.fetch(blob, into: target, from: [try engine.peer])
      let (shown, verified) = (Lock<[Int]>([]), Lock(0))
      try await other.listen { events, words in
        let shownCount = shown.withLock { shown in
          shown += words.filter { ct_word_kind(UInt32($0.kind)) == CT_WORD_SHOWN }.map { Int($0.piece) }
          return shown.count
        }
        return verified.withLock { verified in
          verified += events.count { $0.kind == CT_EVENT_PIECE }
          return verified == blob.v2.pieceCount && shownCount >= verified
        }
      }
      let order = shown.withLock { $0 }
      #expect(order.prefix(HidingRules().leadingPieces).elementsEqual(0..<HidingRules().leadingPieces))
      #expect(Set(order) == Set(0..<blob.v2.pieceCount))
      #expect(try target.bytes == blob.bytes)
      await other.close()
    }
  }

  @Test func nodesThatFetchTogetherAllBecomeWhole() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 16 * 1024 * 1024, seed: 314)
      let all = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      try await all.0.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let peers = [try all.0.peer, try all.1.peer, try all.2.peer]
      let (second, third) = (try TestTarget(size: blob.bytes.count), try TestTarget(size: blob.bytes.count))
      let events = (TestEvents(), TestEvents())
      try await all.1.fetch(blob.v2, into: second.file, from: peers, observer: events.0.observer)
      try await all.2.fetch(blob.v2, into: third.file, from: peers, observer: events.1.observer)
      try await events.0.whole()
      try await events.1.whole()
      #expect(try second.bytes == blob.bytes && third.bytes == blob.bytes)

      // One more comes when all others have finished and hide as the first one does.
      let fourth = try await engines.fleet(4)
      let (target, late) = (try TestTarget(size: blob.bytes.count), TestEvents())
      try await fourth.fetch(blob.v2, into: target.file, from: peers, observer: late.observer)
      try await late.whole()
      #expect(try target.bytes == blob.bytes)
    }
  }

  /// Its name is not ours: it sees all there is.
  @Test func aPeerThatDoesNotKnowOfHidingIsToldEverything() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: Self.size, seed: 315)
      let engine = try await engines.fleet(1)
      let plain = try await engines.fleet(2) { $0.hidesFromBytes = nil }
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: Self.size)
      _ = try await plain.fetch(blob.v2, into: target, from: engine)
      #expect(try target.bytes == blob.bytes)
      // And the other way: a seed that does not hide is believed at once.
      await engine.withdraw(blob.v2.infoHash)
      let again = try TestTarget(size: Self.size)
      _ = try await engine.fetch(blob.v2, into: again, from: plain)
      #expect(try again.bytes == blob.bytes)
    }
  }
}
