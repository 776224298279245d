import RegistryCore

extension MemoryLog {
  /// - Returns: how many claims were dropped.
  public mutating func shorten(to retention: ClaimRetention, shared: SharedClaims, wall: Int64) -> Int {
    let shared = faults.contains(.forgottenTombstone) ? .all : shared
    var dropped = 0
    for name in names.keys where name.kind == .manifest || name.kind == .tag {
      let claims = (names[name] ?? []).map(\.claim).sorted { $0.clock > $1.clock }
      let droppable = retention.droppable(
        claims, standing: winner(of: name, wall: wall)?.claim, kind: name.kind, now: wall, shared: shared,
        mustStay: { isNeeded($0, wall: wall) })
      drop(Set(droppable), of: name)
      dropped += droppable.count
    }
    return dropped
  }

  /// Whether the log could not be compared, continued or checked without it.
  private func isNeeded(_ claim: NameCandidate, wall: Int64) -> Bool {
    if claim.sequence == heads[claim.writer]?.sequence || claim.sequence == rules.limit(of: claim.writer) { return true }
    let young = HybridTime(milliseconds: wall - ClaimRetention.wholeMilliseconds)
    return claim.clock >= young || self.claim(claim.sequence + 1, of: claim.writer).map { $0.body.clock >= young } ?? false
  }
}
