/// How long claims are kept that lost. What stands is kept for good.
public struct ClaimRetention: Hashable, Sendable {
  /// Of each tag so many of its last entries stay, and all that are younger than `losersDays`.
  public var tagEntries = 20
  public var losersDays: Int64 = 30
  /// How long it is known at least that something was removed; beyond that, until every member knows.
  public var tombstonesDays: Int64 = 90

  public init() {}

  private static let millisecondsPerDay: Int64 = 24 * 60 * 60 * 1_000
  /// No log is shortened in its last day, and neither is what comes right before that day, so that a gap before a claim
  /// of the last day is always somebody's who keeps claims back. Half a day more than those who check it count: clocks
  /// differ.
  public static let wholeMilliseconds: Int64 = 36 * 60 * 60 * 1_000

  /// Claims that are younger stay, whatever they are.
  public func losersHorizon(now: Int64) -> Int64 {
    now - max(losersDays * Self.millisecondsPerDay, Self.wholeMilliseconds)
  }

  public func tombstonesHorizon(now: Int64) -> Int64 {
    now - max(tombstonesDays * Self.millisecondsPerDay, Self.wholeMilliseconds)
  }

  /// The claims about one name that may go, the earliest first: in this order they may go one by one, since what stands
  /// follows from the latest.
  /// - Parameters:
  ///   - claims: all of them, latest first.
  ///   - standing: the one that decides; `nil`: none counts.
  ///   - shared: which of them every member has.
  ///   - mustStay: whether the log of its writer needs it.
  public func droppable(
    _ claims: [NameCandidate], standing: NameCandidate?, kind: ClaimKind, now: Int64, shared: SharedClaims,
    mustStay: (NameCandidate) -> Bool
  ) -> [NameCandidate] {
    if standing?.isGone ?? true, (claims.first?.clock.milliseconds ?? 0) < tombstonesHorizon(now: now),
      claims.allSatisfy({ shared.contains($0.sequence, of: $0.writer) })
    {
      // Without its tombstone an earlier claim would count again: all go together, or the tombstone stays.
      let free = claims.filter { !mustStay($0) }
      return (free.count == claims.count ? free : free.filter { $0 != standing }).reversed()
    }
    let (kept, horizon) = (kind == .tag ? tagEntries : 0, losersHorizon(now: now))
    return claims.dropFirst(kept).filter { $0.clock.milliseconds < horizon && $0 != standing && !mustStay($0) }
      .reversed()
  }
}

/// Which claims every member has: nobody will bring, or ask for, what is about their names.
public enum SharedClaims: Hashable, Sendable {
  /// This node is alone.
  case all
  /// Each writer's log up to a number; nothing of writers that are not here.
  case upTo([WriterID: Int64])

  public func contains(_ sequence: Int64, of writer: WriterID) -> Bool {
    switch self {
    case .all: true
    case .upTo(let lasts): sequence <= lasts[writer] ?? 0
    }
  }
}

/// A log that grows with every push unless what lost long ago is dropped.
///
/// Contract, checked by `ClaimLedgerContract`: it changes the state of no name. The last claim of each writer stays, the
/// last one that counts of a log that the rules limit, every claim of the last day and the one right before that day: so
/// the log can be compared, continued and checked as before.
public protocol LogShortening: Sendable {
  /// Looks at everything, a little in each transaction: for the background, now and then.
  /// - Returns: how many were dropped.
  func shortenLog(to retention: ClaimRetention, shared: SharedClaims) async throws(RegistryError) -> Int
}
