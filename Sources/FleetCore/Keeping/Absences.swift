import RegistryCore

/// Since when members do not answer, as this node has seen it on its monotonic clock. Who answers is forgotten, so only who
/// is in doubt takes memory.
public struct Absences: Sendable {
  private var since: [NodeID: Int64] = [:]

  public init() {}

  /// - Parameter doubted: the members that do not answer now.
  public mutating func see(_ doubted: Set<NodeID>, at now: Int64) {
    since = since.filter { doubted.contains($0.key) }
    for node in doubted where since[node] == nil { since[node] = now }
  }

  /// A node that hears nobody has seen its own absence, and not the others'.
  public mutating func forget() { since = [:] }

  /// `nil`: it answers.
  public func milliseconds(of node: NodeID, at now: Int64) -> Int64? { since[node].map { max(0, now - $0) } }

  /// Who has been away for so long that others take its places.
  public func gone(after patience: Int64, at now: Int64) -> Set<NodeID> {
    Set(since.filter { now - $0.value >= patience }.keys)
  }
}
