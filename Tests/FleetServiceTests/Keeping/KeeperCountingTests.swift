import FleetCore
import RegistryCore
import Testing

@testable import FleetService

/// Whoever shall keep an image is asked whether it does, and who says nothing is not counted for ever.
struct KeeperCountingTests {
  private typealias Work = KeepingFleet.Work
  private static let minute = KeepingFleet.minute

  /// In a fleet where not everybody is asked.
  @Test func aKeeperIsCountedThatWasChosenForItsSite() async throws {
    let fleet = KeepingFleet(20, replicas: 2)
    var work = Work()
    fleet.change { state in
      for node in fleet.nodes { state.zones[node] = Zone(parsing: node == fleet.nodes[19] ? "there" : "here") }
    }
    let images = (0..<8).map { fleet.push("\($0)", to: fleet.nodes[$0]) }
    try await fleet.run(&work, milliseconds: Self.minute)
    for (place, image) in images.enumerated() {
      #expect(try await fleet.keepers(of: image) == [fleet.nodes[place], fleet.nodes[19]])
      try await fleet.desk(fleet.nodes[place]).confirm([image], within: .zero)
    }
    // Two looks at most before the first copies were there; then nobody is told any more.
    let asked = fleet.read(\.asked)
    try await fleet.run(&work, milliseconds: 60 * Self.minute, step: 30_000)
    #expect(fleet.read(\.asked) == asked)
  }

  @Test func aKeeperThatSaysNothingIsReplacedAlthoughItIsHeardOf() async throws {
    let fleet = KeepingFleet(5, replicas: 3)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: Self.minute)
    let keepers = try await fleet.keepers(of: image)
    let mute = try #require(keepers.first { $0 != fleet.nodes[0] })
    fleet.change { $0.mute = [mute] }
    try await fleet.run(&work, milliseconds: 9 * Self.minute, step: 10_000)
    #expect(try await fleet.keepers(of: image) == keepers, "it may be busy")
    try await fleet.run(&work, milliseconds: 45 * Self.minute, step: 10_000)
    #expect(try await fleet.keepers(of: image).subtracting([mute]).count == 3)
    // It answers again, and one too many lets go.
    fleet.change { $0.mute = [] }
    try await fleet.run(&work, milliseconds: 90 * Self.minute, step: 30_000)
    #expect(try await fleet.keepers(of: image).count == 3)
  }

  @Test func aPushThatIsSaidAgainWaitsForNoKeeperThatIsAway() async throws {
    let fleet = KeepingFleet(4, replicas: 3)
    let image = fleet.push("image", to: fleet.nodes[0])
    var work = Work()
    try await fleet.run(&work, milliseconds: Self.minute)
    let gone = try #require(try await fleet.keepers(of: image).first { $0 != fleet.nodes[0] })
    fleet.change { $0.away = [gone] }
    let (desk, asked) = (fleet.desk(fleet.nodes[0]), fleet.read(\.asked))
    async let confirmed: Void = desk.confirm([image], within: .seconds(600))
    try await fleet.wait { $0.asked > asked }
    try await fleet.run(&work, milliseconds: 4_000)
    try await confirmed
    #expect(try await fleet.keepers(of: image).subtracting([gone]).count == 3)
  }

  /// It answers gossip alone. Another one is asked to keep it, as soon as that is plain.
  @Test func aPushWaitsForNoKeeperThatSaysNothing() async throws {
    let fleet = KeepingFleet(4, replicas: 2)
    let image = fleet.push("image", to: fleet.nodes[0])
    var work = Work()
    try await fleet.run(&work, milliseconds: Self.minute)
    let mute = try #require(try await fleet.keepers(of: image).first { $0 != fleet.nodes[0] })
    fleet.change { $0.mute = [mute] }
    let (desk, asked) = (fleet.desk(fleet.nodes[0]), fleet.read(\.asked))
    async let confirmed: Void = desk.confirm([image], within: .seconds(300))
    try await fleet.wait { $0.asked > asked }
    try await fleet.run(&work, milliseconds: 4_000)
    try await confirmed
    #expect(try await fleet.keepers(of: image).subtracting([mute]).count == 2)
  }

  /// What failed waits longer each time, but not when somebody asks for it.
  @Test func whoIsAskedToKeepAnImageFetchesItAtOnceHoweverOftenItFailed() async throws {
    let fleet = KeepingFleet(2, replicas: 2)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    let held = fleet.read(\.parts)
    fleet.change { $0.parts = [:] }
    try await fleet.run(&work, milliseconds: 9 * Self.minute)
    #expect(try await fleet.keepers(of: image).isEmpty)
    let attempts = fleet.read { $0.attempts[fleet.nodes[1]] ?? 0 }
    fleet.change { $0.parts = held }
    try await fleet.desk(fleet.nodes[1]).accept(image)
    try await fleet.run(&work, milliseconds: 2_000)
    #expect(fleet.read { $0.attempts[fleet.nodes[1]] ?? 0 } > attempts)
    #expect(fleet.has(image, fleet.nodes[1]))
  }

  /// The positions of what went are used again.
  @Test func whatIsNewIsNoticedAlthoughItsPositionIsFarBelow() async throws {
    let fleet = KeepingFleet(3, replicas: 3)
    var work = Work()
    _ = fleet.push("first", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: Self.minute)
    for node in fleet.nodes { work.progress[node]?.walkedTo += 1 << 40 }
    let image = fleet.push("second", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: 10_000)
    #expect(try await fleet.keepers(of: image).count == 3)
  }

  @Test func firstCopiesWaitForNoRepair() async throws {
    var rules = KeeperRules()
    rules.repairBytesPerSecond = 1
    let fleet = KeepingFleet(2, replicas: 2, rules: rules)
    let (writer, keeper) = (fleet.nodes[0], fleet.nodes[1])
    let old = (0..<3).map { fleet.push("old \($0)", to: writer) }
    fleet.change { $0.now += 24 * 60 * Self.minute }
    let desk = fleet.desk(keeper)
    for image in old { try await desk.accept(image) }
    let repairs = Task {
      var filling = desk.beginningToFill(.repairs)
      try await desk.fillPass(&filling)
    }
    try await fleet.wait { $0.attempts[keeper] ?? 0 > 0 }
    let new = fleet.push("new", to: writer)
    try await desk.accept(new)
    var filling = desk.beginningToFill(.firstCopies)
    try await desk.fillPass(&filling)
    #expect(fleet.has(new, keeper))
    #expect(!old.contains { fleet.has($0, keeper) }, "after one part of each the rate is spent")
    repairs.cancel()
    try await repairs.value
  }
}
