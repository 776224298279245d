import RegistryCore

/// What a node does about an image, now that it has asked others.
///
/// Nobody's word moves more than a copy: who says falsely that it keeps the image costs one replica, since whoever of the
/// others is next in rank takes the duty when nothing has come of it.
public struct KeepJudgement: Hashable, Sendable {
  public enum Deed: Hashable, Sendable {
    case nothing
    /// It is here whole, and nobody keeps it.
    case keep
    /// Enough others keep it that rank before this node.
    case letGo
  }

  public let deed: Deed
  /// Members that shall keep it from now on.
  public let told: [NodeID]
  /// Others that keep it, as far as is known: those that are away for a while among them.
  public let known: Set<NodeID>
  /// As many keep it as shall. `false`: it is worth another look soon.
  public let isSettled: Bool

  /// - Parameter round: how often in a row it was not settled; 0 for the first look.
  public init(
    _ image: KeepCase, _ words: KeepWords, among members: [NodeID: KeeperPlan.Standing], patience: Int64, round: Int = 0
  ) {
    let absent = words.denying.union(words.unable)
    known = words.confirming.union(image.known.subtracting(absent)).filter { members[$0] != nil }
    let able = members.filter { !words.unable.contains($0.key) }
    let own: Set<NodeID> = image.isKept && image.isWhole ? [image.node] : []
    let circle = image.planned(able, besides: known.union([image.node]))
    func plan(_ holders: Set<NodeID>) -> KeeperPlan {
      KeeperPlan(for: image.digest, replicas: image.replicas, among: circle, holders: holders, patience: patience)
    }
    guard image.isKept else {
      let isNobodys = image.isWhole && words.confirming.isEmpty && Self.noneMayCome(image, absent, members, patience)
      (deed, told, isSettled) = (isNobodys ? .keep : .nothing, [], !isNobodys)
      return
    }
    // Of those that said so just now, so that none lets go because of one that has let go meanwhile.
    if plan(words.confirming.union([image.node])).mayEvict(image.node) {
      (deed, told, isSettled) = (.letGo, [], true)
      return
    }
    let wanted = plan(known.union(own))
    deed = .nothing
    isSettled = wanted.lacking.isEmpty
    let answering = circle.filter { $0.value.awayMilliseconds == nil }.keys
    let holders = Rendezvous.ranked(known.union(own).filter(answering.contains), for: image.digest, limit: Int.max)
    let isMine = holders.firstIndex(of: image.node).map { $0 <= round } ?? false
    told = isMine ? wanted.lacking.filter { $0 != image.node && answering.contains($0) } : []
  }

  /// Nobody who did not answer is merely away and may keep it: those that rank highest, and who wrote it.
  private static func noneMayCome(
    _ image: KeepCase, _ absent: Set<NodeID>, _ members: [NodeID: KeeperPlan.Standing], _ patience: Int64
  ) -> Bool {
    image.asked(of: members, patience: patience).allSatisfy { member in
      absent.contains(member) || members[member]?.awayMilliseconds ?? 0 >= patience
    }
  }
}
