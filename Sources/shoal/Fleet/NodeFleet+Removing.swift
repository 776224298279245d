import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP

extension NodeFleet {
  func remove(_ member: String) async throws(RegistryError) -> RemovalDocument {
    guard let seat = current else { throw Self.alone }
    let view = seat.desk.current
    guard !seat.isStranger else { throw WriteRefusal.stranger(view) }
    let node = try view.member(called: member)
    guard let issuer = seat.issuer else { throw Self.noIssuer(view, "remove it") }
    guard node != view.node else { throw Self.itself(view) }
    let wasIssuer = view.directory.isIssuer(node)
    _ = try await issuer.remove(node)
    return RemovalDocument(
      fleet: view.fleet.description, node: node.description, name: view.title(of: node), wasIssuer: wasIssuer,
      members: seat.desk.current.directory.members.count)
  }

  private static func itself(_ view: FleetView) -> RegistryError {
    let others = view.directory.issuers.filter { $0 != view.node }.map { view.title(of: $0) }.sorted()
    let advice =
      if others.isEmpty {
        view.directory.members.count == 1
          ? "end the fleet with shoal fleet leave"
          : "it alone holds the fleet's key: hand that on first (shoal fleet promote), then leave (shoal fleet leave)"
      } else {
        "leave with shoal fleet leave, or remove it on \(others.joined(separator: " or "))"
      }
    return RegistryError(.denied, "a node does not remove itself: \(advice)")
  }

  /// How much of what this node wrote while it was removed does not count.
  func lostClaims() async throws(RegistryError) -> Int64 {
    guard let rules = current?.desk.current.directory.nameRules else { return 0 }
    return try await catalogue.heads().reduce(0) { lost, head in
      guard head.key.node == keys.node else { return lost }
      return lost + max(0, head.value.sequence - rules.limit(of: head.key))
    }
  }
}
