import RegistryCore

/// Who is asked about a digest: every member can work out the same answer alone, from the members and the digest, and a
/// member that comes or goes moves only what it ranks for itself.
///
/// Over all members, also those that are away: who is merely down keeps its place, so that a flap moves nothing.
public enum Rendezvous {
  /// The members that rank highest for a digest, best first.
  public static func ranked(_ members: some Sequence<NodeID>, for digest: Digest, limit: Int) -> [NodeID] {
    guard limit > 0 else { return [] }
    let seed = digest.hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    var best: [(score: UInt64, node: NodeID)] = []
    for node in members {
      let score = score(seed, node)
      if best.count == limit, let last = best.last, score <= last.score { continue }
      let place = best.firstIndex { $0.score < score } ?? best.endIndex
      best.insert((score, node), at: place)
      if best.count > limit { best.removeLast() }
    }
    return best.map(\.node)
  }

  /// Both are hashes already: mixing eight bytes of each spreads them evenly, at a thousandth of what hashing them costs.
  private static func score(_ seed: UInt64, _ node: NodeID) -> UInt64 {
    var mixed = seed ^ node.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
