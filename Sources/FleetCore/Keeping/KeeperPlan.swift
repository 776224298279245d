import RegistryCore

/// Which members keep a blob, so that it does not go with one of them. Whoever knows the same of the members works out the
/// same plan alone.
///
/// By rank over all members, but a copy that is there stays before one that would have to be made. Who has one and is away
/// keeps its place for ten minutes: a flap moves nothing. Who has none gives way to those that answer. Of several keepers one
/// is at another site, where there is one.
public struct KeeperPlan: Hashable, Sendable {
  /// What is known of a member.
  public struct Standing: Hashable, Sendable {
    public let zone: Zone?
    /// For how long it has not answered; `nil`: it does.
    public let awayMilliseconds: Int64?

    public init(zone: Zone? = nil, awayMilliseconds: Int64? = nil) {
      (self.zone, self.awayMilliseconds) = (zone, awayMilliseconds)
    }

    fileprivate func isGone(after patience: Int64) -> Bool { awayMilliseconds ?? 0 >= patience }
  }

  /// Away for so long, a keeper is replaced.
  public static let patienceMilliseconds: Int64 = 600_000

  /// At most as many as there shall be replicas; fewer where there are not so many members.
  public let keepers: [NodeID]
  /// Those of them that have no copy yet.
  public let lacking: [NodeID]
  /// Who sees to it that these get one: of the holders that answer, the one that ranks highest. `nil`: none answers.
  public let duty: NodeID?
  private let replicas: Int
  private let safe: Set<NodeID>

  /// - Parameters:
  ///   - holders: have confirmed that they have the blob and keep it.
  ///   - patience: how long a keeper may be away, in milliseconds.
  public init(
    for digest: Digest, replicas: Int, among members: [NodeID: Standing], holders: Set<NodeID>,
    patience: Int64 = patienceMilliseconds
  ) {
    let ranked = Rendezvous.ranked(members.keys, for: digest, limit: members.count)
    let lasting = ranked.filter { members[$0]?.isGone(after: patience) == false }
    let others = lasting.filter { !holders.contains($0) }
    let answering = others.filter { members[$0]?.awayMilliseconds == nil }
    let inOrder = lasting.filter(holders.contains) + answering + others.filter { members[$0]?.awayMilliseconds != nil }
    keepers = Self.spread(inOrder, replicas, members)
    lacking = keepers.filter { !holders.contains($0) }
    duty = ranked.first { holders.contains($0) && members[$0]?.awayMilliseconds == nil }
    (self.replicas, safe) = (max(1, replicas), Set(lasting.filter(holders.contains)))
  }

  /// Whether a member's copy may go: as many others as there shall be replicas keep it, and this one is no keeper.
  public func mayEvict(_ member: NodeID) -> Bool {
    !keepers.contains(member) && safe.subtracting([member]).count >= replicas
  }

  /// The first of them; where these are all at one site, the last one gives way to the first of another.
  private static func spread(_ inOrder: [NodeID], _ replicas: Int, _ members: [NodeID: Standing]) -> [NodeID] {
    let chosen = Array(inOrder.prefix(max(0, replicas)))
    func site(_ member: NodeID) -> String? { members[member]?.zone?.site }
    guard chosen.count > 1, let only = site(chosen[0]), chosen.allSatisfy({ site($0) == only }),
      let far = inOrder.dropFirst(chosen.count).first(where: { site($0).map { $0 != only } ?? false })
    else { return chosen }
    return chosen.dropLast() + [far]
  }
}

extension Zone {
  /// The widest part of it: between two of them lies a line that is worth sparing.
  public var site: String { parts[0] }
}
