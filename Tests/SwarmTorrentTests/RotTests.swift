import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

/// A file under a seed that is not what it was.
@Suite struct RotTests {
  /// Something for another to fetch, with a byte of piece 3 turned over on disk.
  private func rottenBlob(_ seed: UInt64) throws -> TestBlob {
    let blob = try TestBlob(bytes: 1024 * 1024, seed: seed)
    let file = try openFile(blob.path, O_RDWR)
    var byte = ~blob.bytes[3 * blob.v2.pieceBytes + 100]
    #expect(pwrite(file.descriptor, &byte, 1, off_t(3 * blob.v2.pieceBytes + 100)) == 1)
    return blob
  }

  private func bytes(at path: String) throws -> [UInt8] {
    let file = try openFile(path, O_RDONLY)
    let size = Int(lseek(file.descriptor, 0, SEEK_END))
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = pread(file.descriptor, buffer.baseAddress, size, 0)
    }
  }

  @Test(arguments: TorrentVersion.allCases)
  func aRottenPieceStopsItsTorrentAndIsNeverRepairedInPlace(version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let blob = try rottenBlob(30)
      let onDisk = try bytes(at: blob.path)
      let torrent = blob.torrent(version)
      // A second seed has the right bytes, so that the first could repair itself from it, if it were let.
      let sound = try TestBlob(bytes: 1024 * 1024, seed: 30)
      let engine = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      let seed = TestEvents()
      // Writable, as an attacker of this rule would have it: it is the engine that must not write.
      try await engine.0.seed(torrent, from: try openFile(blob.path, O_RDWR), observer: seed.observer)
      let target = try TestTarget(size: blob.bytes.count)
      let fetch = TestEvents()
      try await engine.2.fetch(torrent, into: target.file, from: [try engine.0.peer], observer: fetch.observer)
      let reason = try await seed.rotten()
      #expect(!reason.isEmpty)
      #expect(!fetch.pieces.contains(3))

      try await engine.1.seed(torrent, from: try sound.open(), observer: { _ in })
      await engine.0.introduce([try engine.1.peer], to: torrent.infoHash)
      await engine.2.introduce([try engine.1.peer], to: torrent.infoHash)
      try await fetch.whole()
      #expect(try target.bytes == blob.bytes)
      await engine.0.withdraw(torrent.infoHash)
      #expect(await engine.0.live().isEmpty)
      #expect(try bytes(at: blob.path) == onDisk)
      #expect(engine.0.session.disk.written_bytes == 0)
      #expect(seed.heard.count == 1)
    }
  }

  @Test func aFileThatWasCutShortStopsItsTorrent() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 31)
      let engine = (try await engines.fleet(1), try await engines.fleet(2))
      let seed = TestEvents()
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: seed.observer)
      #expect(truncate(blob.path, 300_000) == 0)
      let target = try TestTarget(size: blob.bytes.count)
      try await engine.1.fetch(blob.v2, into: target.file, from: [try engine.0.peer], observer: { _ in })
      _ = try await seed.rotten()
      await engine.0.withdraw(blob.v2.infoHash)
      #expect(await engine.0.live().isEmpty)
    }
  }

  @Test func aFileThatIsTooShortFromTheStartIsToldOfWithoutAnyPeer() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 32)
      #expect(truncate(blob.path, 300_000) == 0)
      let engine = try await engines.fleet(1)
      let seed = TestEvents()
      try await engine.seed(blob.v2, from: try blob.open(), observer: seed.observer)
      _ = try await seed.rotten()
    }
  }

  @Test func aFileThatWasUnlinkedStopsItsTorrentWhenItIsWanted() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 33)
      let engine = (try await engines.fleet(1), try await engines.fleet(2))
      let seed = TestEvents()
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: seed.observer)
      #expect(unlink(blob.path) == 0)
      let target = try TestTarget(size: blob.bytes.count)
      try await engine.1.fetch(blob.v2, into: target.file, from: [try engine.0.peer], observer: { _ in })
      _ = try await seed.rotten()
    }
  }

  @Test func aSettledFileThatCannotBeReadStopsItsTorrent() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 34)
      let engine = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let events = try await engine.1.fetch(blob.v2, into: target, from: engine.0)
      let settled = try TestBlob(bytes: 1024 * 1024, seed: 34)
      try await engine.1.settle(blob.v2.infoHash, on: try settled.open())
      #expect(truncate(settled.path, 10) == 0)
      let third = try TestTarget(size: blob.bytes.count)
      try await engine.2.fetch(blob.v2, into: third.file, from: [try engine.1.peer], observer: { _ in })
      _ = try await events.rotten()
    }
  }

  /// What was verified as it came may rot on the disk like anything else.
  @Test(arguments: TorrentVersion.allCases)
  func aSettledFileThatRotsStopsItsTorrentAndGivesNoWrongPieceAway(version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 36)
      let torrent = blob.torrent(version)
      let engine = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      try await engine.0.seed(torrent, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let events = try await engine.1.fetch(torrent, into: target, from: engine.0)
      let rotten = try rottenBlob(36)
      let onDisk = try bytes(at: rotten.path)
      try await engine.1.settle(torrent.infoHash, on: try rotten.open())
      let (third, fetch) = (try TestTarget(size: blob.bytes.count), TestEvents())
      try await engine.2.fetch(torrent, into: third.file, from: [try engine.1.peer], observer: fetch.observer)
      let reason = try await events.rotten()
      #expect(reason.contains("piece 3"))
      // The one who has it found it out: nothing wrong went over the wire.
      #expect(await engine.2.live().map(\.wastedBytes) == [0])
      #expect(try bytes(at: rotten.path) == onDisk)
    }
  }

  @Test func aDiskThatIsFullEndsTheFetchAsFull() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1024 * 1024, seed: 35)
      let engine = (try await engines.fleet(1), try await engines.fleet(2))
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let full = try openFile("/dev/full", O_RDWR)
      let events = TestEvents()
      try await engine.1.fetch(blob.v2, into: full, from: [try engine.0.peer], observer: events.observer)
      let error = await #expect(throws: RegistryError.self) { try await events.whole() }
      #expect(error?.code == .storageFull)
    }
  }
}
