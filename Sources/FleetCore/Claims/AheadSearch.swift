import RegistryCore

/// The search for the first claim of a log that is dated behind a time. The clocks of a log rise, so it is found by
/// halving, with a question of one claim each.
struct AheadSearch: Sendable {
  let writer: WriterID
  private let horizon: Int64
  /// Up to and with this number nothing is dated ahead; from `ahead` on all is.
  private var due: Int64 = 0
  private var ahead: Int64
  private var first: SignedClaim

  enum Step {
    /// Read the claim behind this number.
    case look(after: Int64)
    case found(SignedClaim)
  }

  /// - Parameter last: a claim that is dated behind the horizon.
  init(_ last: SignedClaim, horizon: Int64) {
    (writer, ahead, first, self.horizon) = (last.body.writer, last.body.sequence, last, horizon)
  }

  var step: Step { due + 1 < ahead ? .look(after: middle - 1) : .found(first) }

  private var middle: Int64 { due + (ahead - due) / 2 }

  /// - Parameter claim: the first behind the number that was asked for.
  mutating func read(_ claim: SignedClaim) {
    let isAhead = claim.body.clock.milliseconds > horizon
    if isAhead { (ahead, first) = (middle, claim) } else { due = max(due + 1, claim.body.sequence) }
  }
}
