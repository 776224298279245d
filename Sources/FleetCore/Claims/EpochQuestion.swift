/// The questions to the members, at start, what they have of this node and what their clocks say: an old disk must not use
/// a number twice, nor a wrong clock date a claim.
struct EpochQuestion: Sendable {
  let deadline: Int64
  /// Who has not answered.
  private(set) var open: Int
  private(set) var answers = 0
  /// Who was asked for the time and has not answered. One answer is enough.
  private var openClocks: Int
  /// Somebody has more of this node's log than it has itself.
  var isBehind = false

  init(asked: Int, clocks: Int, now: Int64) {
    (open, openClocks) = (asked, clocks)
    deadline = now + FleetLimits.epochMilliseconds
  }

  mutating func answered() {
    open -= 1
    answers += 1
  }

  mutating func unanswered() { open -= 1 }

  mutating func clockAnswered() { openClocks = 0 }

  mutating func clockUnanswered() { openClocks -= 1 }

  var isOver: Bool { open <= 0 && openClocks <= 0 }

  /// Nobody said that the numbers of this node are free.
  var needsNewEpoch: Bool { isBehind || answers == 0 }
}
