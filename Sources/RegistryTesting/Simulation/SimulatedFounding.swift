import FleetCore
import RegistryCore

/// The first day of a simulated fleet: its key, its members, their cards. They share one directory until it changes.
struct SimulatedFounding {
  let plan: SimulationPlan
  let notary: SimulatedNotary

  init(_ plan: SimulationPlan, _ notary: SimulatedNotary) {
    (self.plan, self.notary) = (plan, notary)
  }

  func nodes(chance: inout SplitMix64) -> [SimulatedNode] {
    let notaries = (0..<plan.nodes + plan.joins).map {
      SimulatedNotary(number: plan.seed &* 1_000_003 &+ UInt64($0))
    }
    let directory = directory(of: Array(notaries.prefix(plan.nodes)))
    var cards = CardBook()
    for (place, notary) in notaries.enumerated() {
      if let card = Self.card(of: notary, place, directory.fleet) {
        _ = cards.take(card, directory: directory, notary: notary)
      }
    }
    return notaries.enumerated().map { place, notary in
      let machine = FleetMachine(
        node: notary.node, directory: directory, cards: cards, notary: notary, seed: chance.next())
      var node = SimulatedNode(notary, machine, MemoryLog(node: notary.node, fleet: directory.fleet))
      if place >= plan.nodes { (node.hasJoined, node.isUp) = (false, false) }
      return node
    }
  }

  private func directory(of notaries: [SimulatedNotary]) -> Directory {
    var directory = Directory(fleetKey: notary.key, notary: notary)
    for (place, node) in notaries.enumerated() {
      guard let name = NodeName(parsing: "node-\(place)"),
        let membership = Membership(key: node.key, name: name, isMember: true, life: 1),
        let draft = FleetRecord.Draft(
          fleet: directory.fleet, number: Int64(place + 1), issuer: notaries[0].node, time: SimulatedFleet.epoch,
          statement: .member(node.node, membership)),
        let record = FleetRecord(draft, signature: notary.sign(draft.signedBytes))
      else { continue }
      _ = directory.take(record, notary: notary)
    }
    return directory
  }

  static func card(
    of notary: SimulatedNotary, _ place: Int, _ fleet: FleetID, incarnation: Int64 = 1, port: Int? = nil
  ) -> MemberCard? {
    guard let name = NodeName(parsing: "node-\(place)"), let versions = ProtocolVersions(lowest: 1, highest: 1),
      let address = MemberAddress(parsing: "192.0.2.1:\(port ?? 1024 + place % 60_000)"),
      let draft = MemberCard.Draft(
        fleet: fleet, node: notary.node, incarnation: incarnation, name: name, addresses: [address], zone: nil,
        release: "simulated", versions: versions)
    else { return nil }
    return MemberCard(draft, signature: notary.sign(draft.signedBytes))
  }
}
