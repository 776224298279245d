import RegistryCore

/// An image as the node sees it that asks itself whether it keeps it.
public struct KeepCase: Hashable, Sendable {
  /// Who asks itself.
  public let node: NodeID
  /// Of the manifest: keepers of an image keep its blobs too.
  public let digest: Digest
  /// How many there shall be, this node among them.
  public let replicas: Int
  /// It is bound to keep the image.
  public var isKept: Bool
  /// All of the image is here.
  public var isWhole: Bool
  /// Other members that said that they keep it.
  public var known: Set<NodeID>
  /// Who said that the image is there, and had it then.
  public var writer: NodeID?

  public init(
    node: NodeID, digest: Digest, replicas: Int, isKept: Bool = false, isWhole: Bool = false, known: Set<NodeID> = [],
    writer: NodeID? = nil
  ) {
    (self.node, self.digest, self.replicas) = (node, digest, replicas)
    (self.isKept, self.isWhole, self.known, self.writer) = (isKept, isWhole, known, writer)
  }

  /// Up to so many members all are asked, and all are planned with.
  static let smallFleet = 8
  static let planned = 64
  /// Besides those that shall keep it: members that joined later may rank before these.
  private static let further = 4

  /// Those that may know of a copy that is kept: who is known to, who wrote it, those that rank highest, also of those that
  /// answer, and whoever shall keep it.
  public func asked(of members: [NodeID: KeeperPlan.Standing], patience: Int64) -> [NodeID] {
    guard members.count > Self.smallFleet else { return members.keys.filter { $0 != node } }
    let named = known.union(writer.map { [$0] } ?? []).filter { members[$0] != nil }
    let circle = planned(members, besides: named)
    let ranked = Rendezvous.ranked(circle.keys, for: digest, limit: circle.count)
    let answering = ranked.filter { circle[$0]?.awayMilliseconds == nil }
    let plan = KeeperPlan(for: digest, replicas: replicas, among: circle, holders: named, patience: patience)
    let few = replicas + Self.further
    let chosen = named.union(ranked.prefix(few)).union(answering.prefix(few)).union(plan.keepers)
    return ranked.filter { $0 != node && chosen.contains($0) }
  }

  /// Whether this node keeps an image that was named just now, as everybody else works it out, too: who named it has it.
  public func isNewKeeper(among members: [NodeID: KeeperPlan.Standing], patience: Int64) -> Bool {
    let holders = writer.flatMap { members[$0] == nil ? nil : Set([$0]) } ?? []
    return KeeperPlan(
      for: digest, replicas: replicas, among: planned(members, besides: holders), holders: holders, patience: patience
    ).keepers.contains(node)
  }

  /// In a large fleet, those alone that rank highest, and of each site that has none of them whoever ranks highest there and
  /// answers: each image costs a comparison of them all.
  func planned(
    _ members: [NodeID: KeeperPlan.Standing], besides named: Set<NodeID>
  ) -> [NodeID: KeeperPlan.Standing] {
    guard members.count > Self.planned else { return members }
    let chosen = named.union(Rendezvous.ranked(members.keys, for: digest, limit: Self.planned))
    let sites = Set(chosen.compactMap { members[$0]?.zone?.site })
    let elsewhere = members.filter { _, standing in
      standing.awayMilliseconds == nil && standing.zone.map { !sites.contains($0.site) } ?? false
    }
    let bySite = Dictionary(grouping: elsewhere.keys) { members[$0]?.zone?.site }
    let all = chosen.union(bySite.values.flatMap { Rendezvous.ranked($0, for: digest, limit: 1) })
    return members.filter { all.contains($0.key) }
  }
}

/// What other members said when they were asked whether they keep an image. Who said nothing is in none of these.
public struct KeepWords: Hashable, Sendable {
  /// They keep it, and have all of it.
  public var confirming: Set<NodeID>
  /// They do not, or not yet.
  public var denying: Set<NodeID>
  /// They keep nothing for anybody: they are of an earlier release, or about to leave.
  public var unable: Set<NodeID>

  public init(confirming: Set<NodeID> = [], denying: Set<NodeID> = [], unable: Set<NodeID> = []) {
    (self.confirming, self.denying, self.unable) = (confirming, denying, unable)
  }
}
