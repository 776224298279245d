import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

struct KeeperPlanTests {
  private typealias Standing = KeeperPlan.Standing

  private static func node(_ number: Int) -> NodeID {
    NodeID(Digest.hashing([UInt8(number)]).hash)!
  }

  private static func members(_ count: Int, zone: (Int) -> String? = { _ in nil }) -> [NodeID: Standing] {
    Dictionary(
      uniqueKeysWithValues: (0..<count).map { number in
        (node(number), Standing(zone: zone(number).flatMap { Zone(parsing: $0) }))
      })
  }

  private static func away(_ minutes: Int64) -> Standing { Standing(awayMilliseconds: minutes * 60_000) }

  private let digest = Digest.hashing([1, 2, 3])

  private func plan(
    _ replicas: Int, _ members: [NodeID: Standing], held: Set<NodeID> = []
  ) -> KeeperPlan {
    KeeperPlan(for: digest, replicas: replicas, among: members, holders: held)
  }

  private func ranked(_ members: [NodeID: Standing]) -> [NodeID] {
    Rendezvous.ranked(members.keys, for: digest, limit: members.count)
  }

  @Test func whereNobodyHasItTheHighestRanksKeepIt() {
    let members = Self.members(10)
    let plan = plan(3, members)
    #expect(plan.keepers == Array(ranked(members).prefix(3)))
    #expect(plan.lacking == plan.keepers && plan.duty == nil)
  }

  @Test func aCopyThatIsThereStaysBeforeOneThatWouldHaveToBeMade() {
    let members = Self.members(10)
    let order = ranked(members)
    let plan = plan(3, members, held: [order[9], order[7]])
    #expect(plan.keepers == [order[7], order[9], order[0]])
    #expect(plan.lacking == [order[0]])
    #expect(plan.duty == order[7])
    // Whoever joins and ranks higher takes nobody's place.
    var more = members
    for number in 10..<40 { more[Self.node(number)] = Standing() }
    let held = Set(order.prefix(3))
    #expect(Set(self.plan(3, more, held: held).keepers) == held)
  }

  @Test func aFlapMovesNothingAndTenMinutesReplaceAKeeper() {
    var members = Self.members(8)
    let order = ranked(members)
    let held = Set(order.prefix(3))
    members[order[0]] = Self.away(9)
    let before = plan(3, members, held: held)
    #expect(before.keepers == Array(order.prefix(3)) && before.lacking.isEmpty)
    #expect(before.duty == order[1], "who does not answer asks nobody")
    members[order[0]] = Self.away(10)
    let after = plan(3, members, held: held)
    #expect(after.keepers == Array(order[1...3]) && after.lacking == [order[3]])
    // Back again, with its copy.
    members[order[0]] = Standing()
    #expect(plan(3, members, held: held.union([order[3]])).keepers == Array(order.prefix(3)))
  }

  @Test func oneKeeperOfSeveralIsAtAnotherSite() {
    let members = Self.members(12) { $0 < 10 ? "here/rack-\($0)" : "there" }
    func sites(_ plan: KeeperPlan) -> Set<String> { Set(plan.keepers.compactMap { members[$0]?.zone?.site }) }
    for number in 0..<50 {
      let plan = KeeperPlan(for: .hashing([UInt8(number)]), replicas: 2, among: members, holders: [])
      #expect(sites(plan) == ["here", "there"] && plan.keepers.count == 2)
    }
    // Copies at one site alone are not enough, and the one that is elsewhere is not given up for a rank.
    let near = Set((0..<3).map(Self.node))
    #expect(sites(plan(3, members, held: near)) == ["here", "there"])
    #expect(plan(3, members, held: near.union([Self.node(11)])).keepers.contains(Self.node(11)))
    #expect(plan(1, members, held: near).keepers.count == 1)
    let oneSite = Self.members(5) { _ in "here" }
    #expect(plan(3, oneSite).keepers == Array(ranked(oneSite).prefix(3)))
  }

  @Test func aSmallFleetKeepsWhatItCan() {
    let members = Self.members(2)
    #expect(plan(3, members).keepers == ranked(members))
    #expect(plan(3, [:]).keepers.isEmpty && plan(0, members).keepers.isEmpty)
    #expect(!plan(3, members, held: Set(members.keys)).mayEvict(Self.node(0)))
  }

  @Test func noCopyGoesBeforeEnoughOthersKeepIt() {
    var members = Self.members(6)
    let order = ranked(members)
    #expect(!plan(2, members, held: Set(order.prefix(2))).mayEvict(order[1]), "a keeper")
    #expect(!plan(2, members, held: [order[0], order[5]]).mayEvict(order[5]))
    let enough = Set([order[0], order[1], order[5]])
    #expect(plan(2, members, held: enough).mayEvict(order[5]))
    members[order[1]] = Self.away(10)
    #expect(!plan(2, members, held: enough).mayEvict(order[5]), "one of the others has gone for good, perhaps")
  }

  /// Members come, go, flap and get copies in any order: the plan is the same for all who know the same, and its rules hold.
  @Test(arguments: 0..<50) func whateverHappensThePlanKeepsItsRules(_ run: Int) {
    let seed = run < 25 ? UInt64(run) : UInt64.random(in: 25 ... .max)
    var chance = SplitMix64(seed: seed)
    var members: [NodeID: Standing] = [:]
    var held: Set<NodeID> = []
    for _ in 0..<60 {
      let node = Self.node(Int.random(in: 0..<20, using: &chance))
      switch Int.random(in: 0..<5, using: &chance) {
      case 0: members[node] = nil
      case 1: members[node] = Self.away(Int64.random(in: 0...20, using: &chance))
      case 2: held.formSymmetricDifference([node])
      default: members[node] = Standing(zone: Zone(parsing: ["a", "b/c", "b/d"].randomElement(using: &chance)!))
      }
      let replicas = Int.random(in: 1...4, using: &chance)
      let plan = plan(replicas, members, held: held)
      let lasting = members.filter { $0.value.awayMilliseconds ?? 0 < 600_000 }
      #expect(plan.keepers.count == min(replicas, lasting.count), "seed \(seed)")
      #expect(plan.keepers.allSatisfy { lasting[$0] != nil } && Set(plan.keepers).count == plan.keepers.count)
      #expect(plan.duty.map { held.contains($0) && members[$0]?.awayMilliseconds == nil } ?? true, "seed \(seed)")
      #expect(plan == self.plan(replicas, Dictionary(uniqueKeysWithValues: members.shuffled()), held: held))
      for node in members.keys where plan.mayEvict(node) {
        #expect(held.subtracting([node]).count { lasting[$0] != nil } >= replicas, "seed \(seed)")
      }
    }
  }
}
