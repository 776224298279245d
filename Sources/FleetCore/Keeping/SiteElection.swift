import RegistryCore

/// Who brings a blob to a site, so that it crosses the line between two sites once. Whoever knows the same of the members
/// works out the same order alone.
public struct SiteElection: Hashable, Sendable {
  public enum Part: Hashable, Sendable {
    /// Fetches from wherever the blob is.
    case fetches
    /// Takes what is near, and asks that one to fetch. When neither has got a byte for so long, it crosses the line itself.
    case waits(for: NodeID, milliseconds: Int64)
  }

  /// So long after the one before it the next crosses the line.
  public static let patienceMilliseconds: Int64 = 2_000

  /// The members of the site that answer, the one that fetches at the front.
  public let order: [NodeID]

  /// - Parameter zone: whose site it is about. Who does not say where it stands is at no site, and fetches for itself.
  public init(
    for digest: Digest, at zone: Zone?, among members: [NodeID: Zone], isAway: (NodeID) -> Bool = { _ in false }
  ) {
    let near = members.filter { $0.value.site == zone?.site && !isAway($0.key) }.keys
    order = Rendezvous.ranked(near, for: digest, limit: near.count)
  }

  /// Of a member that wants the blob.
  public func part(of member: NodeID) -> Part {
    guard let first = order.first, first != member, let place = order.firstIndex(of: member) else { return .fetches }
    return .waits(for: first, milliseconds: Int64(place) * Self.patienceMilliseconds)
  }
}
