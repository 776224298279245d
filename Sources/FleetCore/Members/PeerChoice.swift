import RegistryCore

/// Picks members at random, without walking through all of them.
enum PeerChoice {
  /// Up to `count` members that are none of those left out and not in doubt. Each is drawn, and drawn again if it does
  /// not do: among thousands of members of whom few are away, that costs a few draws.
  static func pick(
    _ count: Int, of members: NodeList, chance: inout SplitMix64, where isWanted: (NodeID) -> Bool
  ) -> [NodeID] {
    guard members.count > count * 4 else {
      return Array(members.filter(isWanted).shuffled(using: &chance).prefix(count))
    }
    var picked: [NodeID] = []
    for _ in 0..<count * 8 where picked.count < count {
      let node = members[chance.below(members.count)]
      if !picked.contains(node), isWanted(node) { picked.append(node) }
    }
    return picked
  }
}
