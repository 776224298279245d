import BlockingWork
import RegistryCore
import RegistryTesting
import Telemetry
import Testing

@testable import RegistryService

struct BackfillTests {
  @Test func whatCameInWithoutATicketGetsOne() async throws {
    let bench = Bench(hashesTorrents: false)
    let bytes = [seededBytes(1, seed: 1), seededBytes(16_385, seed: 2), seededBytes(3 << 20, seed: 3)]
    for each in bytes { try await bench.pushBlob(each) }
    let image = try await bench.pushImage("layer", tag: "latest")
    try await bench.pushBlob([])
    #expect(try await bench.catalogue.withoutTicket(after: nil, limit: 100).count == 6)

    let background = Background(bench)
    background.backfill.start()
    await background.untilDone()
    for each in bytes {
      let ticket = try await bench.catalogue.ticket(of: .hashing(each))
      #expect(ticket == .hashing(each, as: .hashing(each)))
    }
    let manifest = try #require(try await bench.catalogue.ticket(of: image))
    #expect(manifest.piecesRoot == image.hash, "a tree of one leaf")
    #expect(try await bench.catalogue.withoutTicket(after: nil, limit: 100) == [])
    #expect(try await bench.catalogue.digest(ofTorrent: SwarmTorrent(manifest).infoHash.short) == image)
    let progress = background.backfill.progress
    #expect((progress.doneBlobs, progress.leftBlobs, progress.leftBytes) == (6, 0, 0))
    #expect(progress.doneBytes > 3 << 20 && progress.activity == .resting)
    await background.backfill.stop()
  }

  @Test func theNextLifeGoesOnWhereTheLastWasStopped() async throws {
    let bench = Bench(hashesTorrents: false)
    for seed in 0..<6 { try await bench.pushBlob(seededBytes(4 << 20, seed: UInt64(seed))) }
    // So slow that it rests after every piece; the rest in the middle of the third blob does not end by itself.
    let first = Background(bench, bytesPerSecond: 1 << 20)
    first.holdAfter(rests: 10)
    first.backfill.start()
    await eventually { first.isHeld }
    #expect(first.backfill.progress.doneBlobs == 2)
    #expect(first.backfill.progress.leftBlobs == 4)
    await first.backfill.stop()
    let left = try await bench.catalogue.withoutTicket(after: nil, limit: 100)
    #expect(left.count == 4, "what was read in part is not kept")

    let second = Background(bench)
    second.backfill.start()
    await second.untilDone()
    #expect(second.backfill.progress.doneBlobs == 4, "no blob is hashed twice")
    #expect(try await bench.catalogue.withoutTicket(after: nil, limit: 100) == [])
    await second.backfill.stop()
  }

  @Test func itRestsAsTheRateAsks() async throws {
    let bench = Bench(hashesTorrents: false)
    for seed in 0..<4 { try await bench.pushBlob(seededBytes(8 << 20, seed: UInt64(seed))) }
    let background = Background(bench, bytesPerSecond: 16 << 20)
    let began = ContinuousClock.now
    background.backfill.start()
    await background.untilDone()
    // The time at work counts too; at most one rest is still owed.
    let passed = background.rested + began.duration(to: .now)
    #expect(passed >= .seconds(1.9), "32 MiB at 16 MiB/s took \(passed)")
    await background.backfill.stop()
  }

  @Test func aRottenBlobIsPutAsideAndTheOthersAreHashed() async throws {
    let bench = Bench(hashesTorrents: false)
    let sound = try await bench.pushBlob(seededBytes(100_000, seed: 1))
    let rotten = try await bench.pushBlob(seededBytes(100_000, seed: 2))
    let absent = try await bench.pushBlob(seededBytes(100_000, seed: 3))
    bench.blobs.rot(rotten, to: seededBytes(100_000, seed: 4))
    _ = try await bench.blobs.remove(absent)
    let background = Background(bench)
    let withdrawn = Lock<[Digest]>([])
    background.quarantine.aroundPuttingAside { digest in
      let isNamed = (try? await bench.catalogue.linkedSize(of: digest, in: Bench.repository)) != nil
      withdrawn.withLock { if isNamed { $0.append(digest) } }
    }
    background.backfill.start()
    await background.untilDone()
    #expect(bench.blobs.quarantined == [rotten])
    #expect(withdrawn.withLock { $0 } == [rotten], "told once, while it had its name")
    #expect(try await bench.catalogue.linkedSize(of: rotten, in: Bench.repository) == nil)
    #expect(try await bench.catalogue.ticket(of: rotten) == nil)
    #expect(try await bench.catalogue.ticket(of: sound) != nil)
    #expect(background.backfill.progress.rottenBlobs == 1)
    #expect(background.backfill.progress.skippedBlobs == 1)
    await background.backfill.stop()
  }

  @Test func classicPiecesAreMadeWhereItIsPublicAndNowhereElse() async throws {
    let (mine, yours) = (Bench.name("public/app"), Bench.name("secret/app"))
    let bench = Bench()
    let bytes = seededBytes(200_000, seed: 1)
    let known = try await bench.pushBlob(bytes, to: mine)
    let hidden = try await bench.pushBlob(seededBytes(200_000, seed: 2), to: yours)
    // Only a repository that holds a manifest is listed.
    try await bench.pushIndex(to: mine)
    try await bench.pushIndex(to: yours)
    let background = Background(bench, publicPatterns: ["public/*"])
    background.backfill.start()
    await background.untilDone()
    #expect(try await bench.catalogue.classicPieces(of: known) == .hashing(bytes))
    #expect(try await bench.catalogue.classicPieces(of: hidden) == nil)

    // A push wakes it: a blob, and the same by a mount.
    let later = try await bench.pushBlob(seededBytes(5, seed: 3), to: mine)
    background.backfill.notice(arrivalIn: mine)
    background.backfill.notice(arrivalIn: yours)
    await background.untilDone()
    #expect(try await bench.catalogue.classicPieces(of: later) != nil)
    #expect(try await bench.catalogue.classicPieces(of: hidden) == nil)
    await background.backfill.stop()
  }

  @Test func everyWayInToAPublicRepositoryWakesIt() async throws {
    let mine = Bench.name("public/app")
    var rules = RegistryRules()
    rules.publicPatterns = PublicPatterns(["public/*"])
    let bench = Bench(rules: rules)
    bench.registry.backfill.start()
    let blob = try await bench.pushBlob(seededBytes(1000, seed: 1), to: mine)
    await eventually { try await bench.catalogue.classicPieces(of: blob) != nil }
    let other = try await bench.pushBlob(seededBytes(1000, seed: 2))
    #expect(try await bench.registry.blobs.mount(other, from: Bench.repository, into: mine))
    await eventually { try await bench.catalogue.classicPieces(of: other) != nil }
    let index = try await bench.pushIndex(to: mine)
    await eventually { try await bench.catalogue.classicPieces(of: index) != nil }
    await bench.registry.close()
  }

  @Test func nothingIsDoneWhereNobodyWantsTorrents() async throws {
    let bench = Bench(hashesTorrents: false)
    let digest = try await bench.pushBlob([1])
    bench.registry.backfill.start()
    bench.registry.backfill.notice(arrivalIn: Bench.repository)
    await bench.registry.close()
    #expect(try await bench.catalogue.ticket(of: digest) == nil)
  }
}

/// A backfill over a bench's ports whose rests take no time, unless they are held.
final class Background: Sendable {
  let backfill: TicketBackfill
  let desk: TicketDesk
  let quarantine: BlobQuarantine
  private let rests: Rests

  init(_ bench: Bench, publicPatterns: [String] = [], bytesPerSecond: Int = 16 << 20) {
    var rules = RegistryRules()
    rules.publicPatterns = PublicPatterns(publicPatterns)
    var limits = RegistryLimits()
    limits.hashingBytesPerSecond = bytesPerSecond
    let rests = Rests()
    self.rests = rests
    quarantine = BlobQuarantine(bench.ports, gate: KeyedGate())
    desk = TicketDesk(bench.ports, quarantine)
    backfill = TicketBackfill(bench.ports, desk, limits: limits, rules: rules) { await rests.take($0) }
  }

  func holdAfter(rests count: Int) { rests.state.withLock { $0.freeRests = count } }

  var isHeld: Bool { rests.state.withLock { $0.isHeld } }

  /// All rests so far.
  var rested: Duration { rests.state.withLock { $0.total } }

  func untilDone() async {
    await eventually { self.backfill.progress.activity == .resting && self.backfill.isIdle }
  }
}

private final class Rests: Sendable {
  struct State {
    var total = Duration.zero
    var freeRests = Int.max
    var isHeld = false
  }

  let state = Lock(State())

  /// Held, it ends when its task is cancelled, as a sleep does.
  func take(_ rest: Duration) async {
    let isHeld = state.withLock { state in
      state.total += rest
      state.freeRests -= 1
      if state.freeRests < 0 { state.isHeld = true }
      return state.isHeld
    }
    if isHeld { try? await Task.sleep(for: .seconds(3600)) }
  }
}

/// Waits for what is sure to come; a test that hangs says where.
func eventually(
  at location: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async {
  let deadline = ContinuousClock.now + .seconds(120)
  while (try? await condition()) != true {
    if ContinuousClock.now > deadline {
      Issue.record("it did not come", sourceLocation: location)
      return
    }
    await Task.yield()
  }
}
