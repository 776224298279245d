import BlockingWork
import CTorrent
import RegistryCore
import Testing

@testable import SwarmTorrent

/// Two real sessions, and what each of them tells of the other.
@Suite struct WordTests {
  private static let size = 32 * 64 * 1024

  private func with(
    _ body: (_ seed: TestShim, _ other: TestShim) async throws -> Void,
    _ change: (inout SwarmOptions) -> Void = { _ in }
  ) async throws {
    let work = BlockingPool(name: "test-words", threads: 4)
    defer { work.stop() }
    let (seed, other) = (try TestShim(1, work: work, change), try TestShim(2, work: work, change))
    do {
      try await body(seed, other)
    } catch {
      await seed.close()
      await other.close()
      throw error
    }
    await seed.close()
    await other.close()
  }

  /// Lets the first peer that joins have everything.
  private func open(_ torrent: UInt64, at seed: TestShim, _ heard: Lock<HeardWords>) async throws {
    try await seed.listen { _, words in
      heard.withLock { $0.take(words) }
      return heard.withLock { !$0.all.isEmpty }
    }
    try seed.session.open(torrent, to: heard.withLock { $0.all[0].peer })
  }

  @Test func aPeerJoinsSaysWhatItHasAndLeavesInThisOrder() async throws {
    try await with { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 300)
      let target = try TestTarget(size: Self.size)
      let torrent = try await seed.seed(blob)
      _ = try await other.fetch(blob, into: target, from: seed)
      let heard = Lock(HeardWords())
      try await open(torrent, at: seed, heard)
      try await other.listen(forPieces: blob.v2.pieceCount)

      let fetched = Lock(HeardWords())
      try await other.listen { _, words in
        fetched.withLock { $0.take(words) }
        return fetched.withLock { $0.pieces.values.contains { $0.count == blob.v2.pieceCount } }
      }
      let seen = fetched.withLock(\.all)
      let order = [CT_WORD_JOINED, CT_WORD_SWALLOWED, CT_WORD_OPENED, CT_WORD_HAS]
      #expect(seen.prefix(4).map { ct_word_kind(UInt32($0.kind)) } == order)
      #expect(seen.first?.flags == UInt16(CT_JOINED_OUTGOING.rawValue))
      // A seed says in one word that it has all.
      #expect(seen.contains { $0.piece == 0 && Int($0.count) == blob.v2.pieceCount })

      try await seed.listen { _, words in
        heard.withLock { $0.take(words) }
        return heard.withLock { $0.pieces.values.contains { $0.count == blob.v2.pieceCount } }
      }
      await other.close()
      try await seed.listen { _, words in
        heard.withLock { $0.take(words) }
        return heard.withLock { $0.all.contains { ct_word_kind(UInt32($0.kind)) == CT_WORD_LEFT } }
      }
      let told = heard.withLock { $0 }
      #expect(told.all.allSatisfy { $0.torrent == torrent })
      let peer = try #require(told.all.first?.peer)
      let kinds = told.kinds(of: peer)
      #expect(kinds.first == CT_WORD_JOINED && kinds.last == CT_WORD_LEFT)
      #expect(kinds.dropFirst().dropLast().allSatisfy { $0 == CT_WORD_HAS })
      #expect(told.pieces[peer] == Set(0..<blob.v2.pieceCount))
      #expect(told.all.first?.flags == UInt16(CT_JOINED_VEILED.rawValue))
    }
  }

  /// Two words have room, and a peer that joins and has pieces says more.
  @Test func wordsThatAreLostAreSaidAgain() async throws {
    try await with { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 301)
      let target = try TestTarget(size: Self.size)
      let torrent = try await seed.seed(blob)
      _ = try await other.fetch(blob, into: target, from: seed)
      let (heard, losses) = (Lock(HeardWords()), Lock(0))
      try await open(torrent, at: seed, heard)
      try await other.listen(forPieces: blob.v2.pieceCount)

      try await seed.listen { [session = seed.session] _, words in
        if words.contains(where: { ct_word_kind(UInt32($0.kind)) == CT_WORD_LOST }) {
          heard.withLock { $0 = HeardWords() }
          losses.withLock { $0 += 1 }
          try session.tellAgain()
        } else {
          heard.withLock { $0.take(words) }
        }
        return heard.withLock { $0.pieces.values.contains { $0.count == blob.v2.pieceCount } }
      }
      #expect(losses.withLock { $0 } > 0)
      let first = heard.withLock(\.all).first
      #expect(first.map { ct_word_kind(UInt32($0.kind)) } == CT_WORD_JOINED)
    } _: {
      $0.wordQueueSize = 2
    }
  }

  @Test func torrentsThatAreTooSmallAndSessionsThatDoNotHideHaveNoWords() async throws {
    for limit in [nil, Int64(Self.size + 1)] {
      try await with { seed, other in
        let blob = try TestBlob(bytes: Self.size, seed: 302)
        let target = try TestTarget(size: Self.size)
        _ = try await seed.seed(blob)
        _ = try await other.fetch(blob, into: target, from: seed)
        try await other.listen(forPieces: blob.v2.pieceCount)
        #expect(seed.session.words(capacity: 64).isEmpty)
      } _: {
        $0.hidesFromBytes = limit
      }
    }
  }
}
