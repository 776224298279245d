import FleetCore
import RegistryCore

// What changes in a fleet that is well: members, addresses, policy, and the years.
extension SimulatedFleet {
  /// The first node lets another in: it knows then what the first knows of members, and no claims.
  func join(_ place: Int) {
    let (issuer, notary) = (nodes[0], nodes[place].notary)
    guard issuer.isUp, !nodes[place].hasJoined, let name = NodeName(parsing: "node-\(place)"),
      let draft = try? issuer.machine.directory.admission(
        of: notary.key, named: name, by: issuer.id, at: wall(of: 0), notary: fleetNotary),
      let record = FleetRecord(draft, signature: fleetNotary.sign(draft.signedBytes))
    else { return }
    feed(0, .issued(DirectoryNews(records: [record])))
    let directory = nodes[0].machine.directory
    var cards = nodes[0].machine.cards
    if let card = SimulatedFounding.card(of: notary, place, directory.fleet) {
      _ = cards.take(card, directory: directory, notary: notary)
    }
    nodes[place].machine = FleetMachine(
      node: notary.node, directory: directory, cards: cards, notary: notary, seed: chance.next())
    nodes[place].hasJoined = true
    start(place)
  }

  /// It says of itself that it is reached elsewhere now.
  func changeAddress(of place: Int) {
    let machine = nodes[place].machine
    guard nodes[place].isUp, let before = machine.cards[nodes[place].id],
      let card = SimulatedFounding.card(
        of: nodes[place].notary, place, machine.directory.fleet, incarnation: before.incarnation + 1,
        port: 2000 + chance.below(60_000))
    else { return }
    feed(place, .introduced(card))
  }

  /// The first node says who may write one of the repositories: some of the members, or all again; and at times that the
  /// tags of one keep what they name.
  func changePolicy() {
    let issuer = nodes[0]
    var rules = PolicyRules()
    let writers = Set(nodes.map(\.id).filter { _ in chance.below(2) == 0 })
    if chance.below(3) > 0, !writers.isEmpty {
      rules.writers = [NameRules.Writers(repositories: PublicPatterns(["team/app\(chance.below(3))"]), nodes: writers)]
    }
    if chance.below(2) == 0 { rules.immutableTags = PublicPatterns(["team/app\(chance.below(3))"]) }
    let before = issuer.machine.directory.policy
    guard issuer.isUp, let policy = try? FleetPolicy(rules, text: "").dated(after: before, at: wall(of: 0)),
      let draft = try? issuer.machine.directory.policy(policy, by: issuer.id, at: wall(of: 0)),
      let record = FleetRecord(draft, signature: fleetNotary.sign(draft.signedBytes))
    else { return }
    feed(0, .issued(DirectoryNews(records: [record])))
  }

  /// Weeks in which nothing happened: every clock goes on, and what was under way is over.
  func leap(by days: Int64) {
    guard !hasHealed else { return }
    leapt += days * 24 * 60 * 60 * 1000
    calls = [:]
    lastLostCall = lastCall
  }

  /// A node whose clock is wrong leaves its log alone.
  func shorten(_ place: Int) {
    let machine = nodes[place].machine
    guard nodes[place].isUp, machine.gate == .open else { return }
    queue(.shorten(machine.retention, machine.forgettable), on: place)
  }
}
