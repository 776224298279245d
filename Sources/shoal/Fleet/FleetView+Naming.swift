import FleetCore
import FleetService
import RegistryCore

/// How people speak of members.
extension FleetView {
  private static let shortestPrefix = 4

  /// A member's name: as it says itself, else as it was let in.
  func title(of node: NodeID) -> String {
    cards[node]?.draft.name.text ?? directory.membership(of: node)?.name.text ?? String(node.description.prefix(12))
  }

  /// The one member that is called so, or whose ID begins so.
  func member(called text: String) throws(RegistryError) -> NodeID {
    let named = directory.members.filter { title(of: $0) == text }
    let isPrefix = text.utf8.count >= Self.shortestPrefix
    let found =
      named.isEmpty && isPrefix ? directory.members.filter { $0.description.hasPrefix(text.lowercased()) } : named
    guard let node = found.first else {
      throw RegistryError(
        .unsupported,
        "no member is called '\(text)': write a name or the first digits of an ID as shoal fleet ls "
          + "shows them")
    }
    guard found.count == 1 else {
      throw RegistryError(.unsupported, "'\(text)' means \(found.count) members: write more of the ID of one")
    }
    return node
  }
}
