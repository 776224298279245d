import BlockingWork
import RegistryCore
import Testing

@testable import SwarmTorrent

/// Seeds that are members and lie, beside one that is sound and hides what it has.
@Suite struct HostileSeedTests {
  private static let size = 4 * 1024 * 1024 + 77

  /// A peer of this name is taken for one that hides its pieces.
  private static let hiding = "-SH0201-"

  @Test func aSeedThatFlipsBitsIsNamedToTheWayAndChangesNoByte() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: Self.size, seed: 330)
      let manners = RawSeed.Manners(block: { piece, start, length in
        let from = piece * blob.v2.pieceBytes + start
        var block = Array(blob.bytes[min(from, blob.bytes.count)..<min(from + length, blob.bytes.count)])
        block += Array(repeating: 0, count: length - block.count)
        block[length / 2] ^= 1
        return block
      })
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", manners) { liar in
        let (seed, engine, way) = (try await engines.fleet(1), try await engines.fleet(2), NotedWay())
        engine.lead(through: way)
        try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let (target, events) = (try TestTarget(size: blob.bytes.count), TestEvents())
        try await engine.fetch(blob.v2, into: target.file, from: [liar.endpoint], observer: events.observer)
        try await way.banned.wait()
        #expect(way.bans.withLock { $0.first } == .init(address: "127.0.0.3", torrent: blob.v2.infoHash))
        #expect(events.pieces.isEmpty)
        await engine.introduce([try seed.peer], to: blob.v2.infoHash)
        try await events.whole()
        #expect(try target.bytes == blob.bytes)
        #expect(way.bans.withLock { $0.contains { $0.address != "127.0.0.3" } } == false)
      }
    }
  }

  /// Pieces are put together from blocks of both: who sent the true ones is never named, and who sent the false one is.
  @Test(arguments: [340, 341, 342] as [UInt64])
  func aSoundSeedIsNotBannedForPiecesThatALiarHadAPartIn(_ seed: UInt64) async throws {
    try await TestEngines.with { engines in
      let (blob, lied) = (try TestBlob(bytes: Self.size, seed: seed), TestSignal("a false block"))
      let manners = RawSeed.Manners(block: { piece, start, length in
        // One in four. The others never come from there, so that no piece is the liar's alone.
        guard start / length % 4 == 1 else { return nil }
        let from = piece * blob.v2.pieceBytes + start
        var block = Array(blob.bytes[min(from, blob.bytes.count)..<min(from + length, blob.bytes.count)])
        block += Array(repeating: 0, count: length - block.count)
        block[length / 2] ^= 1
        lied.raise()
        return block
      })
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", manners) { liar in
        // Nothing is hidden: the sound one is asked at once for what is missing of the liar's pieces.
        let sound = try await engines.fleet(1) { $0.hidesFromBytes = nil }
        let (engine, way) = (try await engines.fleet(2) { $0.hidesFromBytes = nil }, NotedWay())
        engine.lead(through: way)
        try await sound.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let (target, events) = (try TestTarget(size: blob.bytes.count), TestEvents())
        try await engine.fetch(blob.v2, into: target.file, from: [liar.endpoint], observer: events.observer)
        try await lied.wait()
        await engine.introduce([try sound.peer], to: blob.v2.infoHash)
        try await events.whole()
        #expect(try target.bytes == blob.bytes)
        // It is found out by a piece that failed with its block and passed without it.
        try await way.banned.wait()
        #expect(way.bans.withLock { $0.allSatisfy { $0.address == "127.0.0.3" } })
      }
    }
  }

  /// One has taken pieces upon it when the other and the sound one come, and each is let go of as soon as a second is over.
  @Test func seedsThatStallEveryRequestAreLetGoOfAndTheHiddenOneSendsTheRest() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: Self.size, seed: 331)
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", .init()) { first in
        try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.4", .init()) { second in
          let (seed, engine) = (try await engines.fleet(1), try await engines.fleet(2))
          let relief = try #require(engine.relief)
          try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
          let (target, events) = (try TestTarget(size: blob.bytes.count), TestEvents())
          try await engine.fetch(blob.v2, into: target.file, from: [first.endpoint], observer: events.observer)
          try await first.wasAsked.wait()
          let began = ContinuousClock.now
          await engine.introduce([second.endpoint, try seed.peer], to: blob.v2.infoHash)
          let stalls = try await untilWhole(events) {
            await relief.shed(silentFor: .seconds(1), from: blob.v2.infoHash)
          }
          let took = ContinuousClock.now - began
          print("two stalling seeds cost", took, "and", stalls, "times of a second without the whole")
          #expect(took < .seconds(40))
          try await first.wasLeft.wait()
          #expect(try target.bytes == blob.bytes)
        }
      }
    }
  }

  /// It says that it has everything, and shows nothing; when it comes again and is believed, it sends nothing either.
  @Test func aSeedThatRevealsNothingIsCutAndDoesNotKeepTheBlobFromArriving() async throws {
    try await mute(named: Self.hiding, seed: 332)
  }

  @Test func aSeedThatClaimsAllAndSendsNothingDoesNotKeepTheBlobFromArriving() async throws {
    try await mute(named: "-XX0000-", seed: 333)
  }

  private func mute(named name: String, seed random: UInt64) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: Self.size, seed: random)
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", .init(name: name)) { mute in
        let (seed, engine) = (try await engines.fleet(1), try await engines.fleet(2))
        let relief = try #require(engine.relief)
        try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let (target, events) = (try TestTarget(size: blob.bytes.count), TestEvents())
        try await engine.fetch(blob.v2, into: target.file, from: [mute.endpoint], observer: events.observer)
        let shed: @Sendable () async -> Void = { await relief.shed(silentFor: .seconds(1), from: blob.v2.infoHash) }
        try await untilLeft(mute, shed)
        #expect(events.pieces.isEmpty)
        await engine.introduce([try seed.peer], to: blob.v2.infoHash)
        try await untilWhole(events, shed)
        #expect(try target.bytes == blob.bytes)
      }
    }
  }

  /// Sheds each time that a second is over, as a fetch does that hears nothing.
  @discardableResult
  private func untilWhole(_ events: TestEvents, _ shed: () async -> Void) async throws -> Int {
    for stalls in 0..<60 {
      do {
        try await events.whole(within: .seconds(1))
        return stalls
      } catch is TestFailure {
        await shed()
      }
    }
    throw TestFailure("not whole after a minute")
  }

  private func untilLeft(_ seed: RawSeed, _ shed: @escaping @Sendable () async -> Void) async throws {
    for _ in 0..<60 {
      do {
        return try await seed.wasLeft.wait(within: .seconds(1))
      } catch is TestFailure {
        await shed()
      }
    }
    throw TestFailure("not left after a minute")
  }
}
