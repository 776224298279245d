import RegistryCore

/// Since when members do not answer, as this node has seen it on its monotonic clock. Who answers is forgotten, so only who
/// is in doubt takes memory.
///
/// Whoever is heard of and yet says nothing when it is asked about images is as good as away: it may hang, or lie.
public struct Absences: Sendable {
  private var since: [NodeID: Int64] = [:]
  private var silentSince: [NodeID: Int64] = [:]

  public init() {}

  /// - Parameter doubted: the members that do not answer now.
  public mutating func see(_ doubted: Set<NodeID>, at now: Int64) {
    since = since.filter { doubted.contains($0.key) }
    for node in doubted where since[node] == nil { since[node] = now }
  }

  /// - Parameters:
  ///   - silent: members that were asked about images, and did not answer.
  ///   - others: those that did.
  public mutating func hear(silent: Set<NodeID>, others: Set<NodeID>, at now: Int64) {
    for node in others { silentSince[node] = nil }
    for node in silent where silentSince[node] == nil { silentSince[node] = now }
  }

  /// A node that hears nobody has seen its own absence, and not the others'.
  public mutating func forget() { (since, silentSince) = ([:], [:]) }

  /// Who is no member any more is remembered no more.
  public mutating func keep(_ members: Set<NodeID>) { silentSince = silentSince.filter { members.contains($0.key) } }

  /// `nil`: it answers.
  public func milliseconds(of node: NodeID, at now: Int64) -> Int64? {
    let first = [since[node], silentSince[node]].compactMap { $0 }.min()
    return first.map { max(0, now - $0) }
  }

  /// Who has been away for so long that others take its places.
  public func gone(after patience: Int64, at now: Int64) -> Set<NodeID> {
    Set(since.merging(silentSince, uniquingKeysWith: min).filter { now - $0.value >= patience }.keys)
  }
}
