import RegistryCore

/// How long claims are kept that lost. What stands is kept for good; who is away for longer than tombstones are kept
/// joins anew.
public struct ClaimRetention: Hashable, Sendable {
  /// Of each tag so many of its last entries stay, and all that are younger than `losersDays`.
  public var tagEntries = 20
  public var losersDays: Int64 = 30
  /// How long it is known that something was removed.
  public var tombstonesDays: Int64 = 90

  public init() {}

  private static let millisecondsPerDay: Int64 = 24 * 60 * 60 * 1_000

  /// The claims about one name that may go.
  /// - Parameters:
  ///   - claims: all of them, latest first.
  ///   - standing: the one that decides; `nil`: none counts.
  ///   - mustStay: whether it is its writer's last.
  func droppable(
    _ claims: [NameCandidate], standing: NameCandidate?, kind: ClaimKind, now: Int64,
    mustStay: (NameCandidate) -> Bool
  ) -> [NameCandidate] {
    let latest = claims.first?.clock.milliseconds ?? 0
    if standing?.isGone ?? true {
      // Without its tombstone an earlier claim would count again: all go together, or the tombstone stays.
      guard latest < now - tombstonesDays * Self.millisecondsPerDay else {
        return losers(claims, standing, kind, now, mustStay)
      }
      let free = claims.filter { !mustStay($0) }
      return free.count == claims.count ? free : free.filter { $0 != standing }
    }
    return losers(claims, standing, kind, now, mustStay)
  }

  private func losers(
    _ claims: [NameCandidate], _ standing: NameCandidate?, _ kind: ClaimKind, _ now: Int64,
    _ mustStay: (NameCandidate) -> Bool
  ) -> [NameCandidate] {
    let kept = kind == .tag ? tagEntries : 0
    let horizon = now - losersDays * Self.millisecondsPerDay
    return claims.dropFirst(kept).filter { $0.clock.milliseconds < horizon && $0 != standing && !mustStay($0) }
  }
}
