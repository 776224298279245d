import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP

extension NodeFleet {
  func remove(_ member: String) async throws(RegistryError) -> RemovalDocument {
    guard let seat = current else { throw Self.alone }
    let view = seat.desk.current
    guard !seat.isStranger else { throw WriteRefusal.stranger(view) }
    let node = try Self.member(member, of: view)
    guard let issuer = seat.issuer else { throw Self.noIssuer(view, "remove it") }
    guard node != view.node else { throw Self.itself(view) }
    let wasIssuer = view.directory.isIssuer(node)
    _ = try await issuer.remove(node)
    return RemovalDocument(
      fleet: view.fleet.description, node: node.description, name: view.name(of: node), wasIssuer: wasIssuer,
      members: seat.desk.current.directory.members.count)
  }

  private static func itself(_ view: FleetView) -> RegistryError {
    let others = view.directory.issuers.filter { $0 != view.node }.map { view.name(of: $0) }.sorted()
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

  /// The one member that is called so, or whose ID begins so.
  static func member(_ text: String, of view: FleetView) throws(RegistryError) -> NodeID {
    let directory = view.directory
    let named = directory.members.filter { view.name(of: $0) == text }
    let found = named.isEmpty ? directory.members.filter { isPrefix(text, of: $0) } : named
    guard let node = found.first else { throw unknown(text, view) }
    guard found.count == 1 else {
      let listed = found.prefix(8).map { "\($0.description.prefix(16)) (\(view.name(of: $0)))" }
      throw RegistryError(
        .unsupported,
        "'\(text)' means \(found.count) members: write more of the ID of one: "
          + listed.joined(separator: ", "))
    }
    return node
  }

  private static func isPrefix(_ text: String, of node: NodeID) -> Bool {
    text.utf8.count >= shortestPrefix && node.description.hasPrefix(text.lowercased())
  }

  /// Shorter, it is most likely a mistake.
  private static let shortestPrefix = 4

  private static func unknown(_ text: String, _ view: FleetView) -> RegistryError {
    let directory = view.directory
    let gone = directory.records.contains { record in
      guard case .member(let node, let membership) = record.statement, !membership.isMember else { return false }
      return membership.name.text == text || isPrefix(text, of: node)
    }
    return RegistryError(
      .unsupported,
      gone
        ? "'\(text)' was removed already"
        : "no member is called '\(text)': write a name or the first digits of an ID as "
          + "shoal fleet ls shows them")
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

extension FleetView {
  /// What people call a member: as it says itself, else as it was let in.
  func name(of node: NodeID) -> String {
    cards[node]?.draft.name.text ?? directory.membership(of: node)?.name.text ?? String(node.description.prefix(12))
  }
}
