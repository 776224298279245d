import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct FetchTests {
  @Test(
    arguments: [1, 1024, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 1_000_003, 16 * 1024 * 1024],
    TorrentVersion.allCases)
  func aBlobOfAnySizeArrivesWholeFromOneSeed(size: Int, version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let (blob, target) = (try TestBlob(bytes: size, seed: UInt64(size)), try TestTarget(size: size))
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      try await seed.seed(blob.torrent(version), from: try blob.open(), observer: { _ in })
      let events = try await other.fetch(blob.torrent(version), into: target, from: seed)
      #expect(events.pieces.sorted() == Array(0..<blob.v2.pieceCount))
      #expect(try target.bytes == blob.bytes)
    }
  }

  @Test(arguments: TorrentVersion.allCases)
  func eachPieceIsInTheFileWhenItIsToldOf(version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 8 * 1024 * 1024 + 5, seed: 1)
      let target = try TestTarget(size: blob.bytes.count)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      try await seed.seed(blob.torrent(version), from: try blob.open(), observer: { _ in })
      let wrong = Lock<[Int]>([])
      let events = TestEvents { event in
        guard case .verified(let piece) = event else { return }
        let expected = blob.piece(piece)
        let found = try? target.read(expected.startIndex..<expected.endIndex)
        if found != Array(expected) { wrong.withLock { $0.append(piece) } }
      }
      try await other.fetch(
        blob.torrent(version), into: target.file, from: [try seed.peer], observer: events.observer)
      try await events.whole()
      #expect(wrong.withLock { $0 } == [])
      #expect(events.pieces.count == blob.v2.pieceCount)
    }
  }

  @Test func whoHasFetchedSeedsOn() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 3 * 1024 * 1024, seed: 2)
      let engine = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let second = try TestTarget(size: blob.bytes.count)
      _ = try await engine.1.fetch(blob.v2, into: second, from: engine.0)
      await engine.0.withdraw(blob.v2.infoHash)
      let third = try TestTarget(size: blob.bytes.count)
      _ = try await engine.2.fetch(blob.v2, into: third, from: engine.1)
      #expect(try third.bytes == blob.bytes)
    }
  }

  @Test func whatIsInTheFileAlreadyIsCheckedAndNotFetchedAgain() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 4 * 1024 * 1024, seed: 3)
      let target = try TestTarget(size: blob.bytes.count)
      let half = blob.bytes.count / 2
      let written = blob.bytes.withUnsafeBytes { pwrite(target.file.descriptor, $0.baseAddress, half, 0) }
      #expect(written == half)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let events = try await other.fetch(blob.v2, into: target, from: seed)
      #expect(try target.bytes == blob.bytes)
      #expect(events.pieces.sorted() == Array(0..<blob.v2.pieceCount))
      let live = await other.live()
      #expect(live.first?.verifiedBytes == Int64(blob.bytes.count))
      #expect(try #require(live.first).downloadedBytes < Int64(half) + 128 * 1024)
    }
  }

  @Test func aFileThatIsWholeAlreadyIsToldToBeWithoutAnyPeer() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024 + 7, seed: 4)
      let target = try TestTarget(size: blob.bytes.count)
      _ = blob.bytes.withUnsafeBytes { pwrite(target.file.descriptor, $0.baseAddress, $0.count, 0) }
      let engine = try await engines.fleet(1)
      let events = TestEvents()
      try await engine.fetch(blob.v2, into: target.file, from: [], observer: events.observer)
      try await events.whole()
      #expect(events.pieces.count == blob.v2.pieceCount)
    }
  }

  @Test func peersThatAreIntroducedLaterAreTried() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 300_000, seed: 5)
      let target = try TestTarget(size: blob.bytes.count)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let events = TestEvents()
      try await other.fetch(blob.v2, into: target.file, from: [], observer: events.observer)
      await other.introduce([try seed.peer], to: blob.v2.infoHash)
      try await events.whole()
    }
  }

  @Test func bothVersionsOfOneBlobAreLiveAtOnce() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 200_000, seed: 6)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      for version in TorrentVersion.allCases {
        try await seed.seed(blob.torrent(version), from: try blob.open(), observer: { _ in })
      }
      for version in TorrentVersion.allCases {
        let target = try TestTarget(size: blob.bytes.count)
        _ = try await other.fetch(blob.torrent(version), into: target, from: seed)
        #expect(try target.bytes == blob.bytes)
      }
      #expect(await seed.live().map(\.isSeeding) == [true, true])
    }
  }
}
