import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct SeedTests {
  @Test func seedingWhatIsLiveAlreadyDoesNothing() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 20)
      let engine = try await engines.fleet(1)
      for _ in 0..<3 { try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in }) }
      #expect(await engine.live().map(\.digest) == [blob.digest])
    }
  }

  @Test func aTorrentThatWasWithdrawnComesBackAsOftenAsOneLikes() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 21)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      for _ in 0..<5 {
        try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let target = try TestTarget(size: blob.bytes.count)
        _ = try await other.fetch(blob.v2, into: target, from: seed)
        #expect(try target.bytes == blob.bytes)
        await other.withdraw(blob.v2.infoHash)
        await seed.withdraw(blob.v2.infoHash)
        #expect(await seed.live().isEmpty)
        #expect(await other.live().isEmpty)
      }
    }
  }

  /// Its last event is not taken yet, so that it is still known here.
  @Test func aTorrentThatHasGoneIsStoppedOnceMoreWithoutComplaint() async throws {
    try await TestEngines.with { engines in
      let (blob, other) = (try TestBlob(bytes: 100_000, seed: 37), try TestBlob(bytes: 100_000, seed: 38))
      let engine = try await engines.fleet(1)
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
      #expect(truncate(other.path, 10) == 0)
      let (told, pump) = (TestSignal("the pump to stand"), StandingThread())
      try await engine.seed(other.v2, from: try other.open()) { _ in
        told.raise()
        pump.stand()
      }
      try await told.wait()
      let number = try #require(engine.torrents.withLock { $0[blob.v2.infoHash]?.number })
      await #expect(throws: Never.self) {
        // That libtorrent has let it go has no event of its own: it takes a millisecond or two.
        for _ in 0..<100 {
          try engine.session.remove(number)
          try await Task.sleep(for: .milliseconds(2))
        }
      }
      pump.goOn()
      await engine.withdraw(blob.v2.infoHash)
      #expect(await engine.live().isEmpty)
    }
  }

  @Test func aWithdrawnFetchIsHeardOfNoMore() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 16 * 1024 * 1024, seed: 22)
      let (seed, other) = (try await engines.fleet(1), try await engines.fleet(2))
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let events = TestEvents()
      try await other.fetch(blob.v2, into: target.file, from: [try seed.peer], observer: events.observer)
      _ = try await events.wait("a piece") { if case .verified = $0 { true } else { false } }
      await other.withdraw(blob.v2.infoHash)
      let heard = events.heard.count
      let (before, written) = (try target.bytes, other.session.disk.written_bytes)
      // What might still come would come while this other torrent moves.
      let next = try TestBlob(bytes: 2_000_000, seed: 23)
      try await seed.seed(next.v2, from: try next.open(), observer: { _ in })
      let after = try TestTarget(size: next.bytes.count)
      _ = try await other.fetch(next.v2, into: after, from: seed)
      #expect(events.heard.count == heard)
      #expect(try target.bytes == before)
      #expect(other.session.disk.written_bytes == written + Int64(next.bytes.count))
    }
  }

  @Test func aFetchedTorrentSettlesOnAnotherFileWithoutLosingItsPeers() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 8 * 1024 * 1024 + 3, seed: 24)
      let engine = (try await engines.fleet(1), try await engines.fleet(2), try await engines.fleet(3))
      try await engine.0.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let events = try await engine.1.fetch(blob.v2, into: target, from: engine.0)
      let peers = try #require(await engine.1.live().first).peers
      try await engine.1.settle(blob.v2.infoHash, on: try blob.open())
      // What is not the settled file any more may say what it likes.
      #expect(ftruncate(target.file.descriptor, 0) == 0)
      #expect(try #require(await engine.1.live().first).peers == peers)
      #expect(peers == 1)

      await engine.0.withdraw(blob.v2.infoHash)
      let third = try TestTarget(size: blob.bytes.count)
      _ = try await engine.2.fetch(blob.v2, into: third, from: engine.1)
      #expect(try third.bytes == blob.bytes)
      #expect(events.heard.count == blob.v2.pieceCount + 1)
    }
  }

  @Test func aTorrentWhoseInfoHasAnotherHashIsRefused() async throws {
    try await TestEngines.with { engines in
      let (blob, other) = (try TestBlob(bytes: 1000, seed: 25), try TestBlob(bytes: 1000, seed: 26))
      let engine = try await engines.fleet(1)
      let forged = SwarmTorrent(
        digest: blob.digest, size: blob.v2.size, pieceBytes: blob.v2.pieceBytes, infoHash: blob.v2.infoHash,
        info: other.v2.info)
      await #expect(throws: RegistryError.self) {
        try await engine.seed(forged, from: try blob.open(), observer: { _ in })
      }
      #expect(await engine.live().isEmpty)
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
    }
  }

  @Test func aVersion2TorrentWithoutItsPieceLayerOrWithAnotherIsRefused() async throws {
    try await TestEngines.with { engines in
      let (blob, other) = (try TestBlob(bytes: 1_000_000, seed: 28), try TestBlob(bytes: 1_000_000, seed: 29))
      let engine = try await engines.fleet(1)
      let target = try TestTarget(size: blob.bytes.count)
      for layer in [[], other.v2.pieceLayer, Array(blob.v2.pieceLayer.dropLast(32))] {
        let torrent = SwarmTorrent(
          digest: blob.digest, size: blob.v2.size, pieceBytes: blob.v2.pieceBytes, infoHash: blob.v2.infoHash,
          info: blob.v2.info, pieceLayer: layer)
        await #expect(throws: RegistryError.self) {
          try await engine.fetch(torrent, into: target.file, from: [], observer: { _ in })
        }
      }
      #expect(await engine.live().isEmpty)
    }
  }

  @Test func closingEndsEverythingAndIsSafeTwice() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1_000_000, seed: 27)
      let engine = try await engines.fleet(1)
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let took = await ContinuousClock().measure {
        await engine.close()
        await engine.close()
      }
      #expect(took < .seconds(50))
      #expect(await engine.live().isEmpty)
      await engine.withdraw(blob.v2.infoHash)
      await #expect(throws: RegistryError.self) {
        try await engine.seed(blob.v1, from: try blob.open(), observer: { _ in })
      }
    }
  }
}

/// Lets a thread stand until it is told to go on.
private final class StandingThread: @unchecked Sendable {
  // Unchecked: a semaphore may be used from any thread.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func stand() { while sem_wait(semaphore) != 0 {} }

  func goOn() { sem_post(semaphore) }
}
