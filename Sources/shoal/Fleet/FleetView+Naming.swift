import FleetCore
import FleetService
import RegistryCore

/// How people speak of members.
extension FleetView {
  /// Of an ID; shorter, it is most likely a mistake.
  private static let shortestPrefix = 4
  /// Of members that are meant alike, so many are told.
  private static let listed = 8

  /// A member's name: as it says itself, else as it was let in.
  func title(of node: NodeID) -> String {
    cards[node]?.draft.name.text ?? directory.membership(of: node)?.name.text ?? String(node.description.prefix(12))
  }

  /// The one member that is called so, or whose ID begins so.
  func member(called text: String) throws(RegistryError) -> NodeID {
    let named = directory.members.filter { title(of: $0) == text }
    let found = named.isEmpty ? directory.members.filter { Self.begins($0, text) } : named
    guard let node = found.first else { throw unknown(text) }
    guard found.count == 1 else {
      let some = found.prefix(Self.listed).map { "\($0.description.prefix(16)) (\(title(of: $0)))" }
      throw RegistryError(
        .unsupported,
        "'\(text)' means \(found.count) members: write more of the ID of one: \(some.joined(separator: ", "))")
    }
    return node
  }

  private static func begins(_ node: NodeID, _ text: String) -> Bool {
    text.utf8.count >= shortestPrefix && node.description.hasPrefix(text.lowercased())
  }

  private func unknown(_ text: String) -> RegistryError {
    let isGone = directory.records.contains { record in
      guard case .member(let node, let membership) = record.statement, !membership.isMember else { return false }
      return membership.name.text == text || Self.begins(node, text)
    }
    return RegistryError(
      .unsupported,
      isGone
        ? "'\(text)' was removed already"
        : "no member is called '\(text)': write a name or the first digits of an ID as shoal fleet ls shows them")
  }
}
