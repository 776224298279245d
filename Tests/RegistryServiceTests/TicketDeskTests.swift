import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

struct TicketDeskTests {
  private static let patience = Duration.seconds(120)

  @Test func aPushLeavesTheTicketOfItsBytes() async throws {
    let bench = Bench()
    for (at, count) in [1, 16_384, 16_385, 70_000, 3 << 20].enumerated() {
      let bytes = seededBytes(count, seed: UInt64(at))
      let digest = try await bench.pushBlob(bytes)
      #expect(try await bench.catalogue.ticket(of: digest) == .hashing(bytes, as: digest))
    }
    let empty = try await bench.pushBlob([])
    #expect(try await bench.registry.tickets.ticket(for: empty, within: Self.patience) == nil)
  }

  @Test func aManifestHasATicketFromItsPush() async throws {
    let bench = Bench()
    for padding in [0, 20_000] {
      let bytes = try await bench.image("layer") + [UInt8](repeating: 0x20, count: padding)
      for algorithm in Digest.Algorithm.allCases {
        let digest = Digest.hashing(bytes, algorithm)
        _ = try await bench.registry.manifests.push(
          bytes, contentType: Bench.imageType, to: .digest(digest), in: Bench.repository)
        #expect(try await bench.catalogue.ticket(of: digest) == .hashing(bytes, as: digest), "\(algorithm), \(padding)")
      }
    }
  }

  @Test func whatIsMissingIsComputedWhenAskedFor() async throws {
    let bench = Bench(hashesTorrents: false)
    let bytes = seededBytes(300_000, seed: 1)
    let digest = try await bench.pushBlob(bytes)
    let desk = bench.registry.tickets
    #expect(try await desk.ticket(for: digest, within: Self.patience) == .hashing(bytes, as: digest))
    #expect(try await desk.classicPieces(for: digest, within: Self.patience) == .hashing(bytes))
    #expect(try await bench.catalogue.ticket(of: digest) != nil, "and kept")
    #expect(try await bench.catalogue.classicPieces(of: digest) != nil, "and kept")
    #expect(try await desk.ticket(for: .hashing([9]), within: Self.patience) == nil, "what is not here has none")
    await bench.registry.close()
  }

  @Test func howeverManyAskABlobIsReadOnce() async throws {
    let bench = Bench(hashesTorrents: false)
    let bytes = seededBytes(5 << 20, seed: 1)
    let digest = try await bench.pushBlob(bytes)
    let opened = bench.blobs.openedCount
    let occupied = await OccupiedThread.of(bench.ports.work)
    // Each waits when it is there: none comes when the blob has been read.
    let asked = (0..<50).map { _ in
      Task.immediate { try await bench.registry.tickets.ticket(for: digest, within: Self.patience) }
    }
    occupied.leave()
    for each in asked {
      let ticket = try await each.value
      #expect(ticket == .hashing(bytes, as: digest))
    }
    #expect(bench.blobs.openedCount == opened + 1)
    await bench.registry.close()
  }

  @Test func whoHasNoPatienceIsRefusedAndTheWorkGoesOn() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob(seededBytes(100_000, seed: 1))
    let desk = bench.registry.tickets
    let occupied = await OccupiedThread.of(bench.ports.work)
    let refusal = await code { () async throws(RegistryError) in try await desk.ticket(for: digest, within: .zero) }
    #expect(refusal == .unavailable)
    occupied.leave()
    await eventually { try await bench.catalogue.ticket(of: digest) != nil }
    await bench.registry.close()
  }

  @Test func whoIsCancelledWaitsNoMoreAndTheWorkGoesOn() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob(seededBytes(100_000, seed: 1))
    let desk = bench.registry.tickets
    let occupied = await OccupiedThread.of(bench.ports.work)
    let began = ContinuousClock.now
    let asked = Task {  // Of its own, since it is cancelled.
      await code { () async throws(RegistryError) in try await desk.ticket(for: digest, within: Self.patience) }
    }
    await eventually { desk.isHurried(digest) }
    asked.cancel()
    #expect(await asked.value == .unavailable)
    #expect(began.duration(to: .now) < Self.patience / 2)
    occupied.leave()
    await eventually { try await bench.catalogue.ticket(of: digest) != nil }
    await bench.registry.close()
  }

  @Test func whatSomebodyWaitsForIsNotHashedSlowly() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob(seededBytes(20 << 20, seed: 1))
    let rests = Lock(0)
    let isResting = Lock(false)
    let slow = Task {  // Of its own, since it must be under way when the other asks.
      try await bench.registry.tickets.compute(.v2, of: digest) { _, _ in
        rests.withLock { $0 += 1 }
        isResting.withLock { $0 = true }
        while isResting.withLock({ $0 }) { await Task.yield() }
      }
    }
    await eventually { isResting.withLock { $0 } }
    async let asked = bench.registry.tickets.ticket(for: digest, within: Self.patience)
    await eventually { bench.registry.tickets.isHurried(digest) }
    isResting.withLock { $0 = false }
    #expect(try await asked != nil)
    _ = try await slow.value
    #expect(rests.withLock { $0 } == 1)
    await bench.registry.close()
  }

  @Test func aRottenBlobGetsNoTicketAndIsPutAside() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob(seededBytes(100_000, seed: 1))
    bench.blobs.rot(digest, to: seededBytes(100_000, seed: 2))
    #expect(try await bench.registry.tickets.ticket(for: digest, within: Self.patience) == nil)
    #expect(bench.blobs.quarantined == [digest])
    #expect(try await bench.catalogue.ticket(of: digest) == nil)
    await bench.registry.close()
  }

  @Test func aClosedDeskRefuses() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob([1])
    for _ in 0..<2 { await bench.registry.close() }
    let desk = bench.registry.tickets
    let refusal = await code { () async throws(RegistryError) in
      try await desk.ticket(for: digest, within: Self.patience)
    }
    #expect(refusal == .unavailable)
  }
}
