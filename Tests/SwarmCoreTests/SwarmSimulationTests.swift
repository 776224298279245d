import RegistryTesting
import SwarmCore
import Testing

/// A little of what `simulate swarm` does at length.
@Suite struct SwarmSimulationTests {
  private static let rate = SwarmPlan.payload(megabits: 100)

  private func herd(_ seed: UInt64, _ change: (inout SwarmPlan) -> Void = { _ in }) -> SwarmPlan {
    var plan = SwarmPlan(seed: seed, cold: 5, rate: Self.rate)
    plan.bytes = 8 << 20
    change(&plan)
    return plan
  }

  private func run(_ plan: SwarmPlan) -> (result: SwarmResult, last: Double) {
    let result = SimulatedSwarm(plan).run()
    return (result, result.last(bytes: plan.bytes, rate: Self.rate))
  }

  @Test(arguments: 1...2) func aColdHerdIsFedInLittleMoreThanTheTimeOfOne(seed: UInt64) {
    let (result, last) = run(herd(seed))
    #expect(result.finished)
    #expect(last < 1.25, "seed \(seed)")
    #expect(result.copies[0] < 1.15, "seed \(seed)")
  }

  @Test func withoutHidingTheSameHerdMissesThat() {
    let (result, last) = run(herd(1) { $0.hides = false })
    #expect(result.finished)
    #expect(last > 1.25)
  }

  @Test func theSameSeedIsTheSameSwarm() {
    let (one, other) = (run(herd(7)).result, run(herd(7)).result)
    #expect(one.took == other.took)
    #expect(one.events == other.events)
  }

  @Test func anOriginThatDiesWithOneCopyOutIsNotMissed() {
    let (result, last) = run(herd(3) { ($0.nodes[0].end, $0.nodes[0].endsAfterCopies) = (.killed, 1.02) })
    #expect(result.finished)
    #expect(last < 1.3)
  }

  @Test(arguments: [SwarmPlan.Node.End.killed, .silenced]) func aNodeThatIsLostInTheMiddleHoldsUpTheOthersLittle(
    end: SwarmPlan.Node.End
  ) {
    let (result, last) = run(herd(4) { ($0.nodes[2].end, $0.nodes[2].endsAt) = (end, 300_000) })
    #expect(result.finished)
    // At most what it takes to notice.
    #expect((last - 1.3) * Double(8 << 20) / Self.rate < (end == .killed ? 0.1 : 3.1))
  }

  @Test func aSeedThatShowsNothingIsGivenUp() {
    let (result, _) = run(
      herd(5) { plan in
        for node in plan.nodes.indices { plan.nodes[node].rate /= 4 }
        plan.nodes[5].isMute = true
        (plan.nodes[5].end, plan.nodes[5].endsAt) = (.silenced, plan.limit)
      })
    #expect(result.finished)
    #expect(result.cut > 0)
  }

  @Test func whoComesWhenAllAreDoneIsFedByAll() {
    let (result, _) = run(herd(6) { $0.nodes[5].arrives = 10_000_000 })
    #expect(result.finished)
    let late = Double(result.took[4] ?? .max) / 1e6
    #expect(late < 1.15 * Double(8 << 20) / Self.rate)
    // Not all of it from the first one.
    #expect(result.copies[0] < 1.6)
  }
}
