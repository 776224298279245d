import RegistryCore

/// How much of each log every member is known to have, so that what was deleted may be forgotten: nobody can come back
/// with what the deletion beat, however long he was away.
///
/// It takes rounds. A round begins with what is here, and is over when this node has found with each other member, one
/// after the other, that both have the same. Members pick each other at random every few seconds, so that a round takes
/// some minutes among a hundred and some hours among ten thousand; while one is away, it does not end.
struct CommonLogs: Sendable {
  private var begun: [WriterID: Int64]
  private var met: Set<NodeID> = []
  /// Of the last round that is over, and who took part.
  private var known: [WriterID: Int64] = [:]
  private var circle: NodeList?

  init(_ heads: Heads) { begun = heads.sequences }

  /// Another member has the same as this node, now.
  mutating func met(_ member: NodeID, _ heads: Heads, _ members: NodeList, self node: NodeID) {
    guard met.insert(member).inserted, met.count + 1 >= members.count,
      members.allSatisfy({ $0 == node || met.contains($0) })
    else { return }
    (known, circle) = (begun, members)
    (begun, met) = (heads.sequences, [])
  }

  /// Who joined after that round has met nobody yet: nothing is common until the next one is over.
  func shared(by members: NodeList, _ heads: Heads, self node: NodeID) -> SharedClaims {
    if members.allSatisfy({ $0 == node }) { return .upTo(heads.sequences) }
    guard let circle, members.allSatisfy(circle.contains) else { return .upTo([:]) }
    return .upTo(known)
  }

  /// Who holds up the round that is under way.
  func unmet(of members: NodeList, self node: NodeID) -> [NodeID] { members.filter { $0 != node && !met.contains($0) } }
}
