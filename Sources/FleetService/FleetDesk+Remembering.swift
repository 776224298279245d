import FleetCore
import RegistryCore

extension FleetDesk {
  /// What a node says of itself as a member.
  public struct Introduction: Sendable {
    public let name: NodeName
    public let addresses: [MemberAddress]
    public let zone: Zone?
    public let release: String

    public init(name: NodeName, addresses: [MemberAddress], zone: Zone?, release: String) {
      (self.name, self.addresses, self.zone, self.release) = (name, addresses, zone, release)
    }

    /// The card of today. Its incarnation is above all before it, as the clock is; `nil`: it says what cannot be said.
    /// - Parameter before: what this node said last.
    public func card(
      in fleet: FleetID, _ keys: FleetKeys, at now: Int64, after before: MemberCard? = nil
    ) -> MemberCard? {
      guard let versions = ProtocolVersions(lowest: FleetMessage.version, highest: FleetMessage.version),
        let draft = MemberCard.Draft(
          fleet: fleet, node: keys.node, incarnation: max(now, (before?.incarnation ?? 0) + 1), name: name,
          addresses: addresses, zone: zone, release: release, versions: versions)
      else { return nil }
      return MemberCard(draft, signature: keys.sign(draft.signedBytes))
    }
  }

  /// A member as it was kept, with its card of today. One that was removed has none, and neither has one that has lost what
  /// it knew of its fleet: a stranger, which serves what it has and writes no names.
  public static func remembering(
    _ fleetKey: PublicKey, _ ports: FleetPorts, keys: FleetKeys, as introduction: Introduction, seed: UInt64
  ) async throws(RegistryError) -> FleetDesk {
    let memory = FleetMemory(ports.statements)
    var (directory, cards) = try await memory.load(fleetKey, keys)
    guard directory.isMember(keys.node) else {
      return FleetDesk(ports, keys: keys, directory: directory, cards: cards, seed: seed)
    }
    guard
      let card = introduction.card(
        in: directory.fleet, keys, at: ports.clock.millisecondsSince1970, after: cards[keys.node])
    else { throw RegistryError(.internal, "this node's name and addresses make no card") }
    _ = cards.restore(card, directory: directory, notary: keys)
    try await memory.keep(DirectoryNews(), [card], keys)
    return FleetDesk(ports, keys: keys, directory: directory, cards: cards, seed: seed)
  }

  /// Tells the members what this node says of itself now: they learn from it where it is reached. When it is open.
  public func introduce(_ introduction: Introduction) {
    let current = current
    let now = ports.clock.millisecondsSince1970
    let card = introduction.card(in: current.fleet, keys, at: now, after: current.cards[keys.node])
    if let card { take(.introduced(card)) }
  }

  /// As if a member had told it; nobody waits for the answer.
  func hear(_ gossip: Gossip, of member: NodeID) {
    take(.asked(member, ReplyToken(rawValue: 0), .push(gossip)))
  }

  /// Keeps what a node was told when it founded or joined a fleet, before it is a member.
  public static func keep(
    _ records: [FleetRecord], _ cards: [MemberCard], in statements: any Statements, keys: FleetKeys
  ) async throws(RegistryError) {
    try await FleetMemory(statements).keep(DirectoryNews(records: records), cards, keys)
  }
}
