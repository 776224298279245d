import FleetCore
import RegistryCore

/// Whom a node can tell and ask where blobs are: what it knows of the members at one moment.
struct LocateCircle: Sendable {
  let members: NodeList
  /// Does not answer just now, as far as this node knows.
  let isAway: @Sendable (NodeID) -> Bool
  let addresses: @Sendable (NodeID) -> [MemberAddress]

  init(
    members: NodeList, isAway: @escaping @Sendable (NodeID) -> Bool = { _ in false },
    addresses: @escaping @Sendable (NodeID) -> [MemberAddress] = { _ in [] }
  ) {
    (self.members, self.isAway, self.addresses) = (members, isAway, addresses)
  }

  init(_ view: FleetView) {
    self.init(
      members: view.directory.members, isAway: { view.state(of: $0) == .down },
      addresses: { view.cards[$0]?.draft.addresses ?? [] })
  }

  var isSmall: Bool { members.count <= LocateDesk.smallFleet }
}
