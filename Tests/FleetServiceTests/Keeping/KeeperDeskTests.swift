import FleetCore
import RegistryCore
import RegistryTesting
import Testing

@testable import FleetService

struct KeeperDeskTests {
  private typealias Work = KeepingFleet.Work
  private static let minute = KeepingFleet.minute

  @Test func whatIsPushedIsKeptByAsManyAsShallAndNobodyElseFetchesIt() async throws {
    let (fleet, names) = (KeepingFleet(6, replicas: 3), 0..<10)
    var work = Work()
    let images = names.map { fleet.push("\($0)", to: fleet.nodes[0]) }
    try await fleet.run(&work, milliseconds: Self.minute)
    for image in images {
      let keepers = try await fleet.keepers(of: image)
      #expect(keepers.count == 3 && keepers.contains(fleet.nodes[0]))
      #expect(Set(fleet.nodes.filter { fleet.has(image, $0) }) == keepers)
    }
    #expect(fleet.read(\.asked) == 0, "all worked it out alone")
  }

  @Test func oneReplicaMovesNothingAndAsksNobody() async throws {
    let fleet = KeepingFleet(5, replicas: 1)
    var work = Work()
    let image = fleet.push("one", to: fleet.nodes[2])
    try await fleet.run(&work, milliseconds: 90 * Self.minute, step: 30_000)
    #expect(try await fleet.keepers(of: image) == [fleet.nodes[2]])
    #expect(fleet.read(\.questions) == 0 && fleet.read(\.attempts).isEmpty)
  }

  @Test func aFlapMovesNothingTenMinutesDoAndWhoComesBackMovesNothingEither() async throws {
    let fleet = KeepingFleet(5, replicas: 2)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: Self.minute)
    let before = try await fleet.keepers(of: image)
    let lost = try #require(before.first { $0 != fleet.nodes[0] })
    for _ in 0..<4 {
      fleet.change { $0.away = [lost] }
      try await fleet.run(&work, milliseconds: 9 * Self.minute, step: 10_000)
      fleet.change { $0.away = [] }
      try await fleet.run(&work, milliseconds: Self.minute, step: 10_000)
    }
    #expect(try await fleet.keepers(of: image) == before && fleet.read(\.attempts) == [lost: 2])
    fleet.change { $0.away = [lost] }
    try await fleet.run(&work, milliseconds: 11 * Self.minute, step: 10_000)
    let after = try await fleet.keepers(of: image).subtracting([lost])
    #expect(after.count == 2 && after.contains(fleet.nodes[0]))
    fleet.change { $0.away = [] }
    let attempts = fleet.read(\.attempts)
    try await fleet.run(&work, milliseconds: 60 * Self.minute, step: 30_000)
    #expect(try await fleet.keepers(of: image).count == 2, "one lets go of it")
    #expect(fleet.read(\.attempts) == attempts)
  }

  @Test func whoIsBoundToKeepAnImageIsSoAfterARestartAndGetsIt() async throws {
    let fleet = KeepingFleet(3, replicas: 3)
    let image = fleet.push("image", to: fleet.nodes[0])
    var work = Work()
    // Bound, and nothing of it here yet.
    fleet.change { state in state.full = Set(fleet.nodes.dropFirst()) }
    try await fleet.run(&work, milliseconds: 4_000)
    #expect(try await fleet.catalogue(fleet.nodes[1]).keptTotals() == KeptTotals(images: 1, lacking: 1))
    for node in fleet.nodes { fleet.start(node) }
    fleet.change { state in
      state.full = []
      // Long after the push: nobody would begin unasked.
      state.now += 5 * Self.minute
    }
    work = Work()
    try await fleet.run(&work, milliseconds: 4_000)
    #expect(try await fleet.keepers(of: image) == Set(fleet.nodes))
  }

  @Test func whatIsDeletedIsLetGoAndNotFetchedAgain() async throws {
    let fleet = KeepingFleet(3, replicas: 2)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    let held = fleet.read(\.parts)
    // Named, and its bytes are nowhere.
    fleet.change { $0.parts = [:] }
    try await fleet.run(&work, milliseconds: Self.minute)
    fleet.delete(image)
    fleet.change { $0.parts = held }
    let attempts = fleet.read(\.attempts)
    try await fleet.run(&work, milliseconds: 60 * Self.minute, step: 10_000)
    #expect(fleet.read(\.attempts) == attempts)
    for node in fleet.nodes { #expect(try await fleet.catalogue(node).keptTotals() == KeptTotals()) }
  }

  @Test func whatNobodyHasIsAskedForLessAndLessOftenAndComesWhenItIsThere() async throws {
    let fleet = KeepingFleet(3, replicas: 3)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    let held = fleet.read(\.parts)
    fleet.change { $0.parts = [:] }
    try await fleet.run(&work, milliseconds: 60 * Self.minute)
    for node in fleet.nodes { #expect(4...32 ~= fleet.read(\.attempts)[node] ?? 0) }
    fleet.change { $0.parts = held }
    try await fleet.run(&work, milliseconds: 6 * Self.minute)
    #expect(try await fleet.keepers(of: image) == Set(fleet.nodes))
  }

  @Test func aFullDiskIsLeftAloneForAWhile() async throws {
    let fleet = KeepingFleet(2, replicas: 2)
    var work = Work()
    fleet.change { $0.full = [fleet.nodes[1]] }
    let images = (0..<5).map { fleet.push("\($0)", to: fleet.nodes[0]) }
    try await fleet.run(&work, milliseconds: 30_000, step: 1_000)
    #expect(fleet.read(\.attempts)[fleet.nodes[1]] ?? 0 <= 2, "as many as are fetched at once")
    fleet.change { $0.full = [] }
    try await fleet.run(&work, milliseconds: 2 * Self.minute, step: 1_000)
    for image in images { #expect(try await fleet.keepers(of: image).count == 2) }
  }

  @Test func aPolicyThatAsksForMoreGetsMore() async throws {
    let fleet = KeepingFleet(4, replicas: 1)
    var work = Work()
    let images = (0..<3).map { fleet.push("\($0)", to: fleet.nodes[0]) }
    try await fleet.run(&work, milliseconds: 30 * Self.minute, step: 30_000)
    fleet.set(replicas: 3)
    try await fleet.run(&work, milliseconds: Self.minute)
    for image in images { #expect(try await fleet.keepers(of: image).count == 3) }
    fleet.set(replicas: 2)
    try await fleet.run(&work, milliseconds: 2 * Self.minute)
    for image in images { #expect(try await fleet.keepers(of: image).count == 2) }
    fleet.set(replicas: 100)
    try await fleet.run(&work, milliseconds: Self.minute)
    for image in images { #expect(try await fleet.keepers(of: image) == Set(fleet.nodes), "no more than there are") }
  }

  @Test func oneKeeperIsAtTheOtherSite() async throws {
    let fleet = KeepingFleet(9, replicas: 2)
    var work = Work()
    fleet.change { state in
      for node in fleet.nodes { state.zones[node] = Zone(parsing: node == fleet.nodes[8] ? "there" : "here/a") }
    }
    let images = (0..<5).map { fleet.push("\($0)", to: fleet.nodes[$0]) }
    try await fleet.run(&work, milliseconds: Self.minute)
    for (place, image) in images.enumerated() {
      #expect(try await fleet.keepers(of: image) == [fleet.nodes[place], fleet.nodes[8]])
    }
  }

  @Test(arguments: 0..<5) func whoSaysFalselyThatItKeepsCostsOneReplicaAndNoMore(_ liar: Int) async throws {
    let fleet = KeepingFleet(5, replicas: 3)
    var work = Work()
    fleet.change { $0.liars = [fleet.nodes[liar]] }
    let writer = fleet.nodes[(liar + 1) % 5]
    let images = (0..<4).map { fleet.push("\($0)", to: writer) }
    try await fleet.run(&work, milliseconds: Self.minute)
    fleet.change { $0.away = [writer] }
    try await fleet.run(&work, milliseconds: 30 * Self.minute, step: 10_000)
    for image in images {
      let honest = try await fleet.keepers(of: image).subtracting([fleet.nodes[liar], writer])
      #expect(honest.count >= 2)
    }
  }

  @Test func ofFiftyNodesThoseThatKeepAnImageAloneDoAnything() async throws {
    let fleet = KeepingFleet(50, replicas: 3)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[7])
    try await fleet.run(&work, milliseconds: Self.minute)
    #expect(try await fleet.keepers(of: image).count == 3)
    #expect(fleet.read(\.attempts).count == 2 && fleet.read(\.attempts).values.allSatisfy { $0 == 2 })
    #expect(fleet.read(\.questions) <= 3 * 10 * 2)
    // Nothing stirs them for an hour.
    let asked = fleet.read(\.questions)
    try await fleet.run(&work, milliseconds: 60 * Self.minute, step: 30_000)
    #expect(fleet.read(\.questions) - asked <= 3 * 10 * 4)
  }

  /// Of a fleet whose nodes did not know what keeping is.
  @Test func whatLiesAboutFromBeforeIsTakenOver() async throws {
    let fleet = KeepingFleet(4, replicas: 2)
    let image = fleet.push("image", to: fleet.nodes[0])
    fleet.change { $0.now += 24 * 60 * Self.minute }
    var work = Work()
    try await fleet.run(&work, milliseconds: 2 * Self.minute)
    let keepers = try await fleet.keepers(of: image)
    #expect(keepers.count == 2 && keepers.contains(fleet.nodes[0]))
  }

  /// A copy that somebody pulled is as good as one that was kept, when those are gone.
  @Test func aPulledCopySavesAnImageWhoseKeepersAreGone() async throws {
    let fleet = KeepingFleet(5, replicas: 2)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: Self.minute)
    let keepers = try await fleet.keepers(of: image)
    let puller = try #require(fleet.nodes.first { !keepers.contains($0) })
    fleet.change { state in
      state.parts[puller] = state.parts[fleet.nodes[0]]
      state.away = keepers
    }
    try await fleet.run(&work, milliseconds: 9 * Self.minute, step: 10_000)
    #expect(try await fleet.keepers(of: image) == keepers)
    try await fleet.run(&work, milliseconds: 5 * Self.minute, step: 10_000)
    let after = try await fleet.keepers(of: image).subtracting(keepers)
    #expect(after.count == 2 && after.contains(puller))
  }

  @Test func whoseBytesRottedFetchesThemAgain() async throws {
    let fleet = KeepingFleet(3, replicas: 2)
    var work = Work()
    let image = fleet.push("image", to: fleet.nodes[0])
    try await fleet.run(&work, milliseconds: Self.minute)
    fleet.change { $0.parts[fleet.nodes[0]] = [image.digest] }
    #expect(try await fleet.desk(fleet.nodes[0]).keeps([image]) == [false], "it says what is so")
    try await fleet.run(&work, milliseconds: 61 * Self.minute, step: 30_000)
    #expect(try await fleet.keepers(of: image).contains(fleet.nodes[0]))
  }

  @Test func membersOfAnEarlierReleaseAreNotCountedOn() async throws {
    let fleet = KeepingFleet(4, replicas: 3)
    var work = Work()
    let unable = fleet.nodes[1]
    fleet.change { $0.unable = [unable] }
    let image = fleet.push("image", to: fleet.nodes[0])
    // It would be the first of the keepers: whoever ranks last takes its place.
    #expect(Rendezvous.ranked(fleet.nodes, for: image.digest, limit: 1) == [unable])
    try await fleet.run(&work, milliseconds: Self.minute)
    #expect(try await fleet.keepers(of: image) == Set(fleet.nodes).subtracting([unable]))
  }

  // MARK: - Answering for a push

  @Test func aPushIsConfirmedWhenItIsKeptAndAtOnceWhenItIsSaidAgain() async throws {
    let fleet = KeepingFleet(3, replicas: 3)
    let image = fleet.push("image", to: fleet.nodes[0])
    let desk = fleet.desk(fleet.nodes[0])
    var work = Work()
    async let confirmed: Void = desk.confirm([image], within: .seconds(600))
    try await fleet.wait { $0.asked >= 2 }
    try await fleet.run(&work, milliseconds: 4_000)
    try await confirmed
    #expect(try await fleet.keepers(of: image) == Set(fleet.nodes))
    try await desk.confirm([image], within: .zero)
    let found = try await desk.keepers(of: image)
    #expect(found?.keepers == Set(fleet.nodes) && found?.replicas == 3)
  }

  @Test func aPushThatTooFewKeepIsNotConfirmedAndStays() async throws {
    let fleet = KeepingFleet(3, replicas: 2)
    let image = fleet.push("image", to: fleet.nodes[0])
    fleet.change { $0.away = Set(fleet.nodes.dropFirst()) }
    let desk = fleet.desk(fleet.nodes[0])
    let error = await #expect(throws: RegistryError.self) {
      try await desk.confirm([image], within: .milliseconds(200))
    }
    #expect(error?.code == .unavailable && error?.message.contains("only 1 of 2") == true)
    #expect(try await fleet.keepers(of: image) == [fleet.nodes[0]])
    fleet.change { $0.away = [] }
    var work = Work()
    try await fleet.run(&work, milliseconds: Self.minute)
    try await desk.confirm([image], within: .zero)
  }

  @Test func aDigestThatNothingNamesMakesNobodyFetch() async throws {
    let fleet = KeepingFleet(2, replicas: 2)
    let stranger = ImageName(.hashing([1]), in: KeepingFleet.repository)
    let error = await #expect(throws: RegistryError.self) { try await fleet.desk(fleet.nodes[1]).accept(stranger) }
    #expect(error?.code == .manifestUnknown)
    #expect(try await fleet.desk(fleet.nodes[1]).keeps([stranger]) == [false])
  }

  /// The tasks themselves, on real time.
  @Test func anOpenDeskGoesOnByItself() async throws {
    let fleet = KeepingFleet(2, replicas: 2)
    for node in fleet.nodes { fleet.desk(node).open() }
    let image = fleet.push("image", to: fleet.nodes[0])
    let deadline = ContinuousClock.now + .seconds(300)
    while try await fleet.keepers(of: image).count < 2, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try await fleet.keepers(of: image).count == 2)
    for node in fleet.nodes { await fleet.desk(node).close() }
  }
}
