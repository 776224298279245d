import RegistryCore

/// The search for the first number that a writer used twice, between the log that is here and the one of a member.
///
/// It has to be the first: behind it nothing of the writer counts, and before it all nodes must have the same. It looks
/// back further and further until both logs begin alike, then forward to where they part.
struct ForkHunt: Sendable {
  let writer: WriterID
  let peer: NodeID
  /// Behind this number both are read.
  private(set) var after: Int64
  private var reach = FleetLimits.forkReach
  private var looks = 0
  private var mine: ClaimRun??
  private var theirs: ClaimRun??

  /// - Parameter sequence: a number at which the two are known to differ.
  init(writer: WriterID, peer: NodeID, at sequence: Int64) {
    (self.writer, self.peer) = (writer, peer)
    after = max(0, sequence - 1 - reach)
  }

  enum Step {
    /// One of the two is not here yet.
    case wait
    /// Both are to be read behind `after`.
    case look
    case found(ForkProof)
    /// There is none, or it cannot be shown.
    case lost
  }

  mutating func read(mine run: ClaimRun?) -> Step {
    mine = .some(run)
    return next()
  }

  mutating func read(theirs run: ClaimRun?) -> Step {
    theirs = .some(run)
    return next()
  }

  private mutating func next() -> Step {
    guard let here = mine, let there = theirs else { return .wait }
    guard let here, let there, there.writer == writer else { return .lost }
    (mine, theirs) = (nil, nil)
    looks += 1
    guard looks < FleetLimits.forkLooks else { return .lost }
    let others = Dictionary(there.claims.map { ($0.body.sequence, $0) }, uniquingKeysWith: { one, _ in one })
    var hasCommon = false
    for claim in here.claims {
      guard let other = others[claim.body.sequence] else { continue }
      if claim.body == other.body {
        hasCommon = true
      } else if hasCommon || after == 0 {
        return ForkProof(claim, other).map(Step.found) ?? .lost
      } else {
        return lookBack()
      }
    }
    return lookOn(behind: min(here.claims.last?.body.sequence ?? after, there.claims.last?.body.sequence ?? after))
  }

  private mutating func lookBack() -> Step {
    reach *= 8
    after = max(0, after - reach)
    return .look
  }

  private mutating func lookOn(behind sequence: Int64) -> Step {
    guard sequence - 1 > after else { return .lost }
    // One that both have stays in sight, so that the first that differs is known to be the first.
    after = sequence - 1
    return .look
  }
}
