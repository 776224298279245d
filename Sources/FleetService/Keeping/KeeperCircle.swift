import FleetCore
import RegistryCore

/// The members that keep images with this node, as it sees them at one moment.
public struct KeeperCircle: Sendable {
  public let node: NodeID
  /// This node among them, with where they stand.
  public let members: [NodeID: Zone?]
  /// Those that do not answer.
  public let doubted: Set<NodeID>
  /// This node hears nobody, so that it does not know who is away.
  public let isDeaf: Bool
  public let rules: PolicyRules

  public init(
    node: NodeID, members: [NodeID: Zone?], doubted: Set<NodeID> = [], isDeaf: Bool = false, rules: PolicyRules
  ) {
    (self.node, self.members, self.doubted, self.isDeaf, self.rules) = (node, members, doubted, isDeaf, rules)
  }

  /// Not to have compared with anybody for so long is to hear nobody.
  private static let deafMilliseconds: Int64 = 10_000

  /// `nil`: there is no other member.
  public init?(_ view: FleetView) {
    guard view.isThisNodeMember, view.directory.members.count > 1 else { return nil }
    var (members, doubted) = ([NodeID: Zone?](), Set<NodeID>())
    members.reserveCapacity(view.directory.members.count)
    for member in view.directory.members {
      members.updateValue(view.cards[member]?.draft.zone, forKey: member)
      if member != view.node, view.state(of: member) != .alive { doubted.insert(member) }
    }
    self.init(
      node: view.node, members: members, doubted: doubted,
      isDeaf: view.behindMilliseconds ?? .max > Self.deafMilliseconds, rules: view.directory.policy.rules)
  }

  /// How many shall keep the images of a repository. No fewer than one, and no more than there are members.
  func replicas(of repository: RepositoryName) -> Int {
    min(max(1, rules.replicas(of: repository)), members.count)
  }

  /// - Parameter absences: `nil`: who does not answer has just been away.
  func standings(_ absences: Absences?, at now: Int64) -> [NodeID: KeeperPlan.Standing] {
    var standings: [NodeID: KeeperPlan.Standing] = [:]
    standings.reserveCapacity(members.count)
    for (member, zone) in members {
      let away = absences?.milliseconds(of: member, at: now) ?? (doubted.contains(member) ? 0 : nil)
      standings[member] = KeeperPlan.Standing(zone: zone, awayMilliseconds: away)
    }
    return standings
  }
}
