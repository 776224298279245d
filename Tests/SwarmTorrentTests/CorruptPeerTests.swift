import BlockingWork
import RegistryCore
import Testing

@testable import SwarmTorrent

/// Peers that lie.
@Suite struct CorruptPeerTests {
  /// Every block has one wrong byte.
  private static func wrongBlocks(_ blob: TestBlob) -> @Sendable (Int, Int, Int) -> [UInt8]? {
    { piece, start, length in
      let from = piece * blob.v2.pieceBytes + start
      var block = Array(blob.bytes[from..<min(from + length, blob.bytes.count)])
      block += Array(repeating: 0, count: length - block.count)
      block[0] ^= 0x40
      return block
    }
  }

  /// As many hashes as were asked for, all made up.
  private static let wrongHashes: @Sendable (ArraySlice<UInt8>) -> [UInt8]? = { request in
    let length = number(request.dropFirst(40))
    var chance = SplitMix(state: 7)
    return chance.bytes(32 * length)
  }

  /// Fetches from a liar alone, waits until it is banned, then lets a sound seed help.
  private func fetchFromLiar(
    _ blob: TestBlob, _ torrent: SwarmTorrent, _ manners: RawSeed.Manners
  ) async throws {
    try await TestEngines.with { engines in
      try await RawSeed.serving(torrent.infoHash, on: "127.0.0.3", manners) { liar in
        let (seed, engine) = (try await engines.fleet(1), try await engines.fleet(2))
        try await seed.seed(blob.torrent(torrent.infoHash.version), from: try blob.open(), observer: { _ in })
        let target = try TestTarget(size: blob.bytes.count)
        let wrong = Lock<[Int]>([])
        let events = TestEvents { event in
          guard case .verified(let piece) = event else { return }
          let expected = blob.piece(piece)
          let found = try? target.read(expected.startIndex..<expected.endIndex)
          if found != Array(expected) { wrong.withLock { $0.append(piece) } }
        }
        try await engine.fetch(torrent, into: target.file, from: [liar.endpoint], observer: events.observer)
        // It is banned when its first piece has failed, and only hung up on when what it says makes no sense.
        try await liar.wasAsked.wait()
        try await liar.wasLeft.wait()
        #expect(events.pieces.isEmpty)
        await engine.introduce([try seed.peer], to: torrent.infoHash)
        try await events.whole()
        #expect(wrong.withLock { $0 } == [])
        #expect(try target.bytes == blob.bytes)
      }
    }
  }

  @Test(arguments: [1000, 60_000, 1_000_003])
  func wrongBlocksOfAVersion1TorrentAreCaught(size: Int) async throws {
    let blob = try TestBlob(bytes: size, seed: 50)
    try await fetchFromLiar(blob, blob.v1, .init(block: Self.wrongBlocks(blob)))
  }

  @Test(arguments: [60_000, 1_000_003])
  func wrongBlocksOfAVersion2TorrentAreCaught(size: Int) async throws {
    let blob = try TestBlob(bytes: size, seed: 51)
    try await fetchFromLiar(blob, blob.v2, .init(block: Self.wrongBlocks(blob)))
  }

  /// With hashes to match, made up, for whoever would ask for them; and with none.
  @Test(arguments: [60_000, 1_000_003], [true, false])
  func aLiarIsNotAskedForTheHashesOfItsBlocks(size: Int, answers: Bool) async throws {
    let blob = try TestBlob(bytes: size, seed: 52)
    var manners = RawSeed.Manners(block: Self.wrongBlocks(blob))
    if answers { manners.hashes = Self.wrongHashes }
    try await fetchFromLiar(blob, blob.v2, manners)
  }

  @Test(arguments: [1000, 4 * 1024 * 1024 + 77])
  func aLiarBesideASoundSeedChangesNoByte(size: Int) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: size, seed: 54)
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", .init(block: Self.wrongBlocks(blob))) { liar in
        let (seed, engine) = (try await engines.fleet(1), try await engines.fleet(2))
        try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let target = try TestTarget(size: blob.bytes.count)
        let events = TestEvents()
        try await engine.fetch(
          blob.v2, into: target.file, from: [liar.endpoint, try seed.peer], observer: events.observer)
        try await events.whole()
        #expect(try target.bytes == blob.bytes)
      }
    }
  }

  /// Each piece gets one bad block of it, and the sound peer the rest: all fail with its blocks in them.
  @Test(arguments: TorrentVersion.allCases)
  func aLiarDoesNotGetTheSoundSeedBanned(version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 56)
      let torrent = blob.torrent(version)
      let wrong = Self.wrongBlocks(blob)
      let manners = RawSeed.Manners(block: { piece, start, length in start == 0 ? wrong(piece, start, length) : nil })
      try await RawSeed.serving(torrent.infoHash, on: "127.0.0.3", manners) { liar in
        // Nothing is hidden: what is under test takes every piece at once.
        let seed = try await engines.fleet(1) { $0.hidesFromBytes = nil }
        let engine = try await engines.fleet(2) { $0.hidesFromBytes = nil }
        try await seed.seed(torrent, from: try blob.open(), observer: { _ in })
        let target = try TestTarget(size: blob.bytes.count)
        let events = TestEvents()
        try await engine.fetch(torrent, into: target.file, from: [liar.endpoint], observer: events.observer)
        try await liar.wasAsked.wait()
        await engine.introduce([try seed.peer], to: torrent.infoHash)
        try await events.whole()
        #expect(try target.bytes == blob.bytes)
      }
    }
  }

  @Test func aPeerThatAcceptsAndNeverSendsIsLeftForAnotherInSeconds() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 55)
      try await RawSeed.serving(blob.v2.infoHash, on: "127.0.0.3", .init()) { silent in
        let (seed, engine) = (try await engines.fleet(1), try await engines.fleet(2))
        try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let target = try TestTarget(size: blob.bytes.count)
        let events = TestEvents()
        try await engine.fetch(blob.v2, into: target.file, from: [silent.endpoint], observer: events.observer)
        try await silent.wasAsked.wait()
        let took = try await ContinuousClock().measure {
          await engine.introduce([try seed.peer], to: blob.v2.infoHash)
          try await events.whole()
        }
        #expect(took < .seconds(40))
        print("took over from a silent peer in", took)
      }
    }
  }
}
