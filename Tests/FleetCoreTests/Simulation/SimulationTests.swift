import FleetCore
import RegistryTesting
import Testing

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
    for seed: UInt64 in 1...30 {
      do {
        _ = try SimulatedFleet(.adverse(seed: seed, fault: fault)).run()
      } catch {
        #expect(error.seed == seed && error.description.hasPrefix("seed \(seed) at "))
        return
      }
    }
    Issue.record("found by none of thirty seeds")
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

  @Test func aClaimReachesAllInFewRoundsAndMessagesAreFlat() throws {
    let small = try SpreadMeasurement(nodes: 8, claims: 5).run()
    let large = try SpreadMeasurement(nodes: 64, claims: 5).run()
    #expect(small.isWithinTarget && large.isWithinTarget, "\(small); \(large)")
    #expect(large.messagesAtRest < small.messagesAtRest * 1.2)
    #expect(large.messagesPerClaim < small.messagesPerClaim * 1.2)
  }
}
