import RegistryCore

/// Who brings a blob to a site, so that it crosses the line between two sites once. Whoever knows the same of the members
/// works out the same order alone.
public struct SiteElection: Hashable, Sendable {
  /// So many are asked at most, before a member crosses the line itself: each may cost a wait.
  public static let askedMembers = 2

  /// The members of the site that answer, the one that fetches at the front.
  public let order: [NodeID]

  /// - Parameter zone: whose site it is about. Who does not say where it stands is at no site, and fetches for itself.
  public init(
    for digest: Digest, at zone: Zone?, among members: [NodeID: Zone], isAway: (NodeID) -> Bool = { _ in false }
  ) {
    let near = members.filter { $0.value.site == zone?.site && !isAway($0.key) }.keys
    order = Rendezvous.ranked(near, for: digest, limit: near.count)
  }

  /// Whom a member that wants the blob asks to fetch it, one after the other; none: it fetches it itself. All of them rank
  /// higher than it does, so that however differently members see each other, no two wait for each other.
  public func fetchers(before member: NodeID) -> [NodeID] {
    guard let place = order.firstIndex(of: member) else { return [] }
    return Array(order.prefix(min(place, Self.askedMembers)))
  }
}
