import RegistryCore

/// Finds when deletions may be forgotten: when no member has, or can get from anybody, what they beat. Then nobody can
/// come back with that, however long he was away.
///
/// A round begins with deletions of which nothing is left here but themselves. It is over when every other member was met
/// with the same claims and the same members as here, and met so again after two more shortenings of its own log: the
/// second began after the first meeting, saw the deletion, and dropped what it beat. Members pick each other at random
/// every few seconds and shorten their logs a few times a day; while one is away, no round ends, and deletions stay.
struct ForgettingRound: Sendable {
  private var candidates: [ClaimNumber] = []
  /// How many shortenings each had told of when it was met first.
  private var met: [NodeID: Int64] = [:]
  private var cleared: Set<NodeID> = []
  /// Of the last round that is over, and who took part.
  private var forgettable: Set<ClaimNumber> = []
  private var circle: NodeList?

  /// This node has shortened its log, and forgotten what it could.
  mutating func shortened(_ log: ShortenedLog) {
    forgettable = []
    guard candidates.isEmpty else { return }
    (candidates, met, cleared) = (log.lone, [:], [])
  }

  /// Another member has the same claims and knows the same members as this node, now.
  mutating func met(_ member: NodeID, shortenings: Int64, of members: NodeList, besides node: NodeID) {
    guard !candidates.isEmpty else { return }
    if let before = met[member] {
      // A count that fell is one that began anew.
      if shortenings < before { met[member] = shortenings }
      if shortenings >= before + 2 { cleared.insert(member) }
    } else {
      met[member] = shortenings
    }
    guard cleared.count + 1 >= members.count, members.allSatisfy({ $0 == node || cleared.contains($0) }) else { return }
    (forgettable, circle, candidates) = (Set(candidates), members, [])
  }

  /// Who joined after the round may have what the others have dropped: then it was for nothing.
  func forgettable(among members: NodeList, besides node: NodeID) -> Forgettable {
    if members.allSatisfy({ $0 == node }) { return .all }
    guard let circle, members.allSatisfy(circle.contains) else { return .only([]) }
    return .only(forgettable)
  }

  /// Who holds up the round that is under way.
  func awaited(of members: NodeList, besides node: NodeID) -> [NodeID] {
    candidates.isEmpty ? [] : members.filter { $0 != node && !cleared.contains($0) }
  }
}
