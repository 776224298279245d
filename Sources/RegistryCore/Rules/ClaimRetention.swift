/// How long claims are kept that lost. What stands is kept for good.
public struct ClaimRetention: Hashable, Sendable {
  /// Of each tag so many of its last entries stay, and all that are younger than `losersDays`.
  public var tagEntries = 20
  public var losersDays: Int64 = 30
  /// How long it is known at least that something was removed; beyond that, until nobody has what that removed.
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

  /// Deletions that are younger stay. What a deletion beat goes a day before it at least.
  public func tombstonesHorizon(now: Int64) -> Int64 {
    min(now - tombstonesDays * Self.millisecondsPerDay, losersHorizon(now: now) - Self.millisecondsPerDay)
  }

  /// The claims about one name that may go, the earliest first. The deletion that stands is never among them
  /// (`isForgotten`).
  /// - Parameters:
  ///   - claims: all of them, latest first.
  ///   - standing: the one that decides; `nil`: none counts.
  ///   - mustStay: whether the log of its writer needs it.
  public func droppable(
    _ claims: [NameCandidate], standing: NameCandidate?, kind: ClaimKind, now: Int64,
    mustStay: (NameCandidate) -> Bool
  ) -> [NameCandidate] {
    let horizon = losersHorizon(now: now)
    // The history of what is gone for so long is nobody's any more.
    let isLongGone = standing.map { $0.isGone && $0.clock.milliseconds < horizon } ?? false
    let kept = kind == .tag && !isLongGone ? tagEntries : 0
    return claims.dropFirst(kept).filter { $0.clock.milliseconds < horizon && $0 != standing && !mustStay($0) }
      .reversed()
  }

  /// Whether of a name nothing is left but an old deletion, which the writer's log does not need.
  public func isLone(
    _ standing: NameCandidate?, among claims: [NameCandidate], now: Int64, mustStay: (NameCandidate) -> Bool
  ) -> Bool {
    guard let standing, standing.isGone, claims.count == 1 else { return false }
    return standing.clock.milliseconds < tombstonesHorizon(now: now) && !mustStay(standing)
  }
}

/// A claim by its place in the logs.
public struct ClaimNumber: Hashable, Sendable {
  public let writer: WriterID
  public let sequence: Int64

  public init(writer: WriterID, sequence: Int64) {
    (self.writer, self.sequence) = (writer, sequence)
  }
}

/// Which deletions may be forgotten, where nothing is left of a name but its deletion.
public enum Forgettable: Hashable, Sendable {
  /// All that are old enough: this node is alone.
  case all
  case only(Set<ClaimNumber>)

  public func contains(_ claim: NameCandidate) -> Bool {
    switch self {
    case .all: true
    case .only(let numbers): numbers.contains(ClaimNumber(writer: claim.writer, sequence: claim.sequence))
    }
  }
}

/// What became of a log.
public struct ShortenedLog: Hashable, Sendable {
  public static let loneLimit = 10_000

  public var dropped = 0
  /// Deletions of which nothing is left but themselves, and that are still here: old enough to be forgotten once nobody
  /// else has what they beat. At most `loneLimit`.
  public var lone: [ClaimNumber] = []

  public init() {}

  public mutating func note(lone claim: NameCandidate) {
    guard lone.count < Self.loneLimit else { return }
    lone.append(ClaimNumber(writer: claim.writer, sequence: claim.sequence))
  }
}

/// A log that grows with every push unless what lost long ago is dropped.
///
/// Contract, checked by `ClaimLedgerContract`: it changes the state of no name. The last claim of each writer stays, the
/// last one that counts of a log that the rules limit, every claim of the last day and the one right before that day: so
/// the log can be compared, continued and checked as before. A deletion goes only in a later call than what it beat.
public protocol LogShortening: Sendable {
  /// Looks at everything, a little in each transaction: for the background, now and then.
  /// - Parameter forgettable: which deletions may go.
  func shortenLog(to retention: ClaimRetention, forgetting: Forgettable) async throws(RegistryError) -> ShortenedLog
}
