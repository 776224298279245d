import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct PaceTests {
  @Test func piecesThatAreHurriedComeBeforeTheOthers() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 64 * 64 * 1024, seed: 80)
      let seed = try await engines.fleet(1) { $0.rates.nearUpload = 1024 * 1024 }
      let other = try await engines.fleet(2)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let events = TestEvents()
      try await other.fetch(blob.v2, into: target.file, from: [], observer: events.observer)
      await other.hurry(50..<54, of: blob.v2.infoHash)
      await other.introduce([try seed.peer], to: blob.v2.infoHash)
      try await events.whole()
      // Pieces that are told together are told in the order of their numbers, and a starved machine tells many together.
      #expect(Set(50..<54).isSubset(of: events.pieces.prefix(32)))
    }
  }

  /// Of all, which near peers are among, and of near ones alone.
  @Test(arguments: [false, true]) func aRateIsKeptAndCanBeLifted(isNear: Bool) async throws {
    let rate = 1024 * 1024
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 16 * 1024 * 1024, seed: 81)
      let seed = try await engines.fleet(1) { options in
        if isNear { options.rates.nearUpload = rate } else { options.rates.upload = rate }
      }
      let other = try await engines.fleet(2)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let target = try TestTarget(size: blob.bytes.count)
      let (count, some) = (Lock(0), TestSignal("24 pieces"))
      let events = TestEvents { event in
        guard case .verified = event else { return }
        let arrived = count.withLock { count in
          count += 1
          return count
        }
        if arrived == 24 { some.raise() }
      }
      let began = ContinuousClock.now
      try await other.fetch(blob.v2, into: target.file, from: [try seed.peer], observer: events.observer)
      try await some.wait()
      // 1.5 MiB at 1 MiB a second.
      #expect(ContinuousClock.now - began > .milliseconds(500))
      try await seed.set(SwarmOptions.Rates())
      try await events.whole(within: .seconds(60))
    }
  }

  /// The library holds one alert here and drops the others; pieces and ends must be told all the same.
  @Test func alertsThatAreDroppedLoseNothing() async throws {
    try await TestEngines.with { engines in
      let seed = try await engines.fleet(1)
      let other = try await engines.fleet(2) { $0.alertQueueSize = 1 }
      let blobs = try (0..<10).map { try TestBlob(bytes: 500_000, seed: 90 + UInt64($0)) }
      for blob in blobs { try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in }) }
      var all: [TestEvents] = []
      let full = try openFile("/dev/full", O_RDWR)
      for (place, blob) in blobs.enumerated() {
        let events = TestEvents()
        let file = place % 2 == 0 ? full : try TestTarget(size: blob.bytes.count).file
        try await other.fetch(blob.v2, into: file, from: [try seed.peer], observer: events.observer)
        all.append(events)
      }
      for (place, events) in all.enumerated() {
        if place % 2 == 0 {
          let error = await #expect(throws: RegistryError.self) { try await events.whole() }
          #expect(error?.code != .unavailable)
        } else {
          try await events.whole()
        }
      }
      #expect(await other.live().count == 5)
    }
  }
}
