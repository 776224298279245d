import FleetCore
import RegistryCore

/// Whom a node asks for bytes, as far as it knows who is there.
struct Circle {
  /// Those that answer. Where none is known to, the doubt may be about this node's own line: then all.
  let near: [NodeID]
  /// Those that have just not answered, asked when the others have nothing: most of them are there.
  let doubted: [NodeID]

  init(of others: [NodeID], state: (NodeID) -> MemberState) {
    let states = others.map { ($0, state($0)) }
    let answering = states.filter { $0.1 == .alive }.map(\.0)
    near = answering.isEmpty ? others : answering
    doubted = answering.isEmpty ? [] : states.filter { $0.1 == .suspected }.map(\.0)
  }

  /// How many of them are asked at once.
  private static let doubtedMembers = 8

  var someDoubted: [NodeID] { Array(doubted.shuffled().prefix(Self.doubtedMembers)) }

  static let nobody = Circle(of: []) { _ in .down }
}
