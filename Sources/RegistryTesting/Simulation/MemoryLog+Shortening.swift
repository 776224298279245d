import RegistryCore

extension MemoryLog {
  public mutating func shorten(to retention: ClaimRetention, forgetting: Forgettable, wall: Int64) -> ShortenedLog {
    let forgetting = faults.contains(.forgottenTombstone) ? .all : forgetting
    var log = ShortenedLog()
    for name in names.keys where name.kind == .manifest || name.kind == .tag {
      let claims = (names[name] ?? []).map(\.claim).sorted { $0.clock > $1.clock }
      let standing = winner(of: name, wall: wall)?.claim
      let kept = rules.lastBeforeImmutable(among: claims, kind: name.kind, in: name.repository)
      var droppable = retention.droppable(
        claims, standing: standing, kind: name.kind, now: wall, mustStay: { $0 == kept || isNeeded($0, wall: wall) })
      if let standing,
        retention.isLone(standing, among: claims, now: wall, mustStay: { isNeeded($0, wall: wall) })
      {
        if forgetting.contains(standing) { droppable = [standing] } else { log.note(lone: standing) }
      }
      drop(Set(droppable), of: name)
      log.dropped += droppable.count
    }
    return log
  }

  /// Whether the log could not be compared, continued or checked without it.
  private func isNeeded(_ claim: NameCandidate, wall: Int64) -> Bool {
    if claim.sequence == heads[claim.writer]?.sequence || claim.sequence == rules.limit(of: claim.writer) {
      return true
    }
    let young = HybridTime(milliseconds: wall - ClaimRetention.wholeMilliseconds)
    return claim.clock >= young
      || self.claim(claim.sequence + 1, of: claim.writer).map { $0.body.clock >= young } ?? false
  }
}
