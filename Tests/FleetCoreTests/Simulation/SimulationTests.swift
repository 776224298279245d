import FleetCore
import RegistryCore
import Testing

@testable import RegistryTesting

@Suite struct SimulationTests {
  /// A few here, in a debug build; a thousand are run by `simulate`.
  @Test(arguments: 1...12) func adverseFleetsComeToAgree(seed: UInt64) throws {
    let result = try SimulatedFleet(.adverse(seed: seed)).run()
    #expect(result.events > 2000 && result.acknowledged > 10)
    #expect(try #require(result.agreedAfter) <= 10_000)
  }

  @Test func oneSeedIsOneHistory() throws {
    let one = try SimulatedFleet(.adverse(seed: 5)).run()
    let two = try SimulatedFleet(.adverse(seed: 5)).run()
    #expect(one.events == two.events && one.messages == two.messages && one.acknowledged == two.acknowledged)
  }

  @Test(arguments: PlantedFault.allCases) func aPlantedFaultIsFound(_ fault: PlantedFault) {
    for seed: UInt64 in 1...60 {
      do {
        _ = try SimulatedFleet(.adverse(seed: seed, fault: fault)).run()
      } catch {
        #expect(error.seed == seed && error.description.hasPrefix("seed \(seed) at "))
        return
      }
    }
    Issue.record("found by none of sixty seeds")
  }

  /// A push on one side of a cut of what was deleted on the other before.
  @Test(arguments: [nil, PlantedFault.silentRepush])
  func whatIsPushedAgainOutlivesADeletionThatIsHeardLater(_ fault: PlantedFault?) throws {
    var plan = SimulationPlan(seed: 3)
    (plan.clientOperations, plan.fault) = (0, fault)
    let (fleet, tag) = (SimulatedFleet(plan), SimulatedFleet.tags[0])
    fleet.events.add(.client(0, .push(tag, digest: 1)), at: 5000)
    fleet.events.add(.partition((0..<plan.nodes).map { $0 / 4 }), at: 10_000)
    fleet.events.add(.client(1, .delete(tag)), at: 12_000)
    fleet.events.add(.client(6, .pushAgain(tag)), at: 15_000)
    fleet.events.add(.partition([Int](repeating: 0, count: plan.nodes)), at: 20_000)
    guard fault != nil else {
      #expect(try fleet.run().saidAgain == 2)
      #expect(fleet.standing(tag, on: 2)?.value == SimulatedFleet.manifest(1, in: tag.repository).key)
      return
    }
    let failure = #expect(throws: SimulationFailure.self) { try fleet.run() }
    #expect(try #require(failure).what.hasPrefix("node 6 told a client"))
  }

  @Test func aPartitionHealsWithinFiveSeconds() throws {
    for seed: UInt64 in 1...4 {
      var plan = SimulationPlan(seed: seed)
      plan.partitions = 4
      plan.adversity = 60_000
      let result = try SimulatedFleet(plan).run()
      #expect(try #require(result.agreedAfter) <= 5000, "seed \(seed)")
    }
  }

  /// Two of eight an hour late or ahead, all the time: what the others name stands there as soon as elsewhere.
  @Test(arguments: [-3_600_000, 3_600_000] as [Int64]) func nodesWhoseClocksAreAnHourOffShowWhatOthersName(skew: Int64)
    throws
  {
    var plan = SimulationPlan(seed: 7)
    plan.clientOperations = 200
    let fleet = SimulatedFleet(plan)
    fleet.planAdversity()
    for place in [2, 5] { fleet.events.add(.skew(place, skew), at: 0) }
    var (shown, worst) = (0, Int64(0))
    for place in [2, 5] { fleet.nodes[place].seen = [:] }
    // By then each has heard enough of the others.
    try fleet.run(until: 6000)
    while fleet.time < plan.adversity {
      try fleet.run(until: fleet.time + 50)
      for name in SimulatedFleet.tags {
        guard let newest = fleet.standing(name, on: 0) else { continue }
        shown += 1
        for place in [2, 5] {
          let seen = fleet.standing(name, on: place)?.claim.clock ?? HybridTime(rawValue: 0)
          guard seen < newest.claim.clock else { continue }
          worst = max(worst, fleet.time - (newest.claim.clock.milliseconds - SimulatedFleet.epoch))
        }
      }
    }
    #expect(shown > 1000 && worst < 1000, "at worst \(worst) ms late")
    for place in [2, 5] {
      #expect(fleet.nodes[place].machine.gate != .open && abs(fleet.nodes[place].clockCorrection + skew) < 1000)
    }
  }

  /// Nobody was there to tell it: what it said then, and what it says later, counts everywhere as soon as it is heard.
  @Test(arguments: 1...4) func aNodeThatWroteHoursAheadSaysItAgainWhenItsClockIsRight(seed: UInt64) throws {
    var plan = SimulationPlan(seed: seed)
    plan.leadsAlone = 1
    plan.clientOperations = 5
    let fleet = SimulatedFleet(plan)
    _ = try fleet.run()
    #expect(fleet.notices["logs dated anew"] == 1)
    let ahead = SimulatedFleet.epoch + fleet.time + NameRules.fenceMilliseconds
    for node in fleet.nodes {
      for claim in node.disk.claims where claim.body.clock.milliseconds > ahead {
        #expect(claim.body.sequence > node.disk.rules.limit(of: claim.body.writer))
      }
    }
  }

  @Test func aClaimReachesAllInFewRoundsAndMessagesAreFlat() throws {
    let small = try SpreadMeasurement(nodes: 8, claims: 5).run()
    let large = try SpreadMeasurement(nodes: 64, claims: 5).run()
    #expect(small.isWithinTarget && large.isWithinTarget, "\(small); \(large)")
    #expect(large.isFlat(beside: small))
  }
}
