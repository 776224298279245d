import FleetCore
import FleetService
import RegistryCore

/// Why a member writes no names, in words for a client.
enum WriteRefusal {
  /// `nil`: it may write.
  static func of(_ view: FleetView) -> RegistryError? {
    switch view.gate {
    case .open: nil
    case .settling:
      RegistryError(.unavailable, "this node asks its fleet what it has written before; try again in a moment")
    case .clockOff(let milliseconds): clockOff(milliseconds)
    case .stranger: stranger(view)
    }
  }

  /// The members' clocks are so far ahead at this moment. `nil`: it is near enough, or nobody knows.
  static func of(clockOffset milliseconds: Int64?) -> RegistryError? {
    guard let milliseconds, abs(milliseconds) > FleetLimits.clockOffMilliseconds else { return nil }
    return clockOff(milliseconds)
  }

  private static func clockOff(_ milliseconds: Int64) -> RegistryError {
    RegistryError(
      .unavailable,
      "this node's clock is \(abs(milliseconds) / 1000) s \(milliseconds < 0 ? "ahead of" : "behind") its fleet's: "
        + "until it is set, push to another node")
  }

  /// What the policy says of this node and a repository. `nil`: it may write there.
  static func of(_ view: FleetView, to repository: RepositoryName) -> RegistryError? {
    let rules = view.directory.policy.rules
    guard let rule = rules.writers.first(where: { $0.repositories.matches(repository) }),
      !rule.nodes.contains(view.node)
    else { return nil }
    let writers = rule.nodes.compactMap { view.isMember($0) ? view.directory.membership(of: $0)?.name.text : nil }
    let advice = writers.isEmpty ? "no member may" : "push to \(writers.sorted().joined(separator: " or "))"
    return RegistryError(.denied, "the fleet's policy does not let this node write \(repository): \(advice)")
  }

  static func stranger(_ view: FleetView) -> RegistryError {
    guard let removal = view.directory.removal(of: view.node) else {
      return RegistryError(
        .unavailable,
        "this node has lost what it knew of its fleet: push to another node; its operator brings it back with a new "
          + "invitation (shoal fleet join)")
    }
    let issuer = view.directory.membership(of: removal.draft.issuer)?.name.text ?? "an issuer"
    return RegistryError(
      .unavailable,
      "this node was removed from its fleet by \(issuer): push to another node; its operator brings it back with a new "
        + "invitation (shoal fleet join), or makes it alone (shoal fleet leave)")
  }

  static let leaving = RegistryError(.unavailable, "this node is leaving its fleet: push to another node")

  /// What the fence, the epoch and the policy say is known to a node that runs.
  static let atRest = RegistryError(
    .unavailable, "this node belongs to a fleet: it changes names only while it runs; start it with: shoal serve")
}
