import BlockingWork
import CTorrent
import RegistryCore
import Testing

@testable import SwarmTorrent

/// Fetches that are helped along, beside what the contract says of them.
@Suite struct ReliefTests {
  private static let blockBytes = 16 * 1024
  private static let size = 32 * 64 * 1024

  /// The first block of a piece came from a peer that never sends the others.
  @Test func aBlockThatIsHereIsNotOverwrittenAndIsCountedBeforeItsPieceIs() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 4 * Self.blockBytes, seed: 340)
      let manners = RawSeed.Manners(block: { _, start, length in
        start == 0 ? Array(blob.bytes.prefix(length)) : nil
      })
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", manners) { slow in
        let engine = try await engines.fleet(2)
        let relief = try #require(engine.relief)
        let (target, events) = (try TestTarget(size: blob.bytes.count), TestEvents())
        try await engine.fetch(blob.v2, into: target.file, from: [slow.endpoint], observer: events.observer)
        // Its bytes are counted as they come.
        let deadline = ContinuousClock.now + .seconds(60)
        while try await received(engine) < Int64(Self.blockBytes), ContinuousClock.now < deadline { await Task.yield() }
        #expect(try await received(engine) == Int64(Self.blockBytes))
        #expect(events.pieces.isEmpty)

        let given = Array(repeating: 0xA5, count: Self.blockBytes) + blob.bytes.dropFirst(Self.blockBytes)
        try await relief.give(given, as: 0, to: blob.v2.infoHash)
        try await events.whole()
        #expect(try target.bytes == blob.bytes)
        // What was given did not come from a peer.
        #expect(try await received(engine) == Int64(Self.blockBytes))
      }
    }
  }

  private func received(_ engine: LibtorrentEngine) async throws -> Int64 {
    try #require(await engine.live().first).downloadedBytes
  }

  @Test func aPieceOfAnotherSizeOrPlaceIsRefused() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 64 * 1024 + 1, seed: 341)
      let engine = try await engines.fleet(1)
      let (relief, target) = (try #require(engine.relief), try TestTarget(size: blob.bytes.count))
      try await engine.fetch(blob.v2, into: target.file, from: [], observer: { _ in })
      for (piece, bytes) in [(0, 1), (1, 64 * 1024), (2, 1), (-1, 1), (.max, 1)] {
        await #expect(throws: RegistryError.self) {
          try await relief.give(Array(repeating: 0, count: bytes), as: piece, to: blob.v2.infoHash)
        }
      }
    }
  }

  /// With no patience at all.
  @Test func whoOwesNothingIsNotLetGoOf() async throws {
    try await TestShim.two { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 342)
      let target = try TestTarget(size: Self.size)
      let torrent = try await seed.seed(blob)
      let fetched = try await other.fetch(blob, into: target, from: seed)
      let joined = try await seed.next(CT_WORD_JOINED)
      _ = try await other.next(CT_WORD_SWALLOWED)
      try other.session.shed(silentFor: 0, from: fetched)
      // One that has been cut is shown nothing.
      try seed.session.reveal([3], of: torrent, to: joined.peer)
      try await other.listen(forPieces: 1)
    }
  }

  @Test func veilsAndWhatIsShownAreCounted() async throws {
    try await TestShim.two { seed, other in
      let blob = try TestBlob(bytes: Self.size, seed: 343)
      let target = try TestTarget(size: Self.size)
      let torrent = try await seed.seed(blob)
      _ = try await other.fetch(blob, into: target, from: seed)
      let joined = try await seed.next(CT_WORD_JOINED)
      _ = try await other.next(CT_WORD_SWALLOWED)
      #expect(try other.status.veiled == 1)
      #expect(try seed.status.veiled == 0)
      try seed.session.reveal([3, 30, 7], of: torrent, to: joined.peer)
      try await other.listen(forPieces: 3)
      #expect(try seed.status.revealed == 3)
      #expect(try other.status.downloaded_bytes == 3 * 64 * 1024)
      try seed.session.open(torrent, to: joined.peer)
      _ = try await other.next(CT_WORD_OPENED)
      #expect(try other.status.veiled == 0)
    }
  }

  @Test func whatSomebodyHasWaitedLongForIsSuggestedToASeedThatHidesIt() async throws {
    try await TestEngines.with { engines in
      let work = BlockingPool(name: "test-wanted", threads: 2)
      defer { work.stop() }
      let blob = try TestBlob(bytes: Self.size, seed: 344)
      let (seed, engine) = (try TestShim(1, work: work), try await engines.fleet(2))
      let (relief, target) = (try #require(engine.relief), try TestTarget(size: Self.size))
      _ = try await seed.seed(blob)
      try await engine.fetch(blob.v2, into: target.file, from: [], observer: { _ in })
      await relief.want(9..<10, of: blob.v2.infoHash)
      await engine.introduce(seed.session.endpoints, to: blob.v2.infoHash)
      #expect(try await seed.next(CT_WORD_WANTS).piece == 9)
      await seed.close()
    }
  }
}
