/// The question to the members, at start, what they have of this node: an old disk must not use a number twice.
struct EpochQuestion: Sendable {
  let deadline: Int64
  /// Who has not answered.
  private(set) var open: Int
  private(set) var answers = 0
  /// Somebody has more of this node's log than it has itself.
  var isBehind = false

  init(asked: Int, now: Int64) {
    open = asked
    deadline = now + FleetLimits.epochMilliseconds
  }

  mutating func answered() {
    open -= 1
    answers += 1
  }

  mutating func unanswered() { open -= 1 }

  var isOver: Bool { open <= 0 }

  /// Nobody said that the numbers of this node are free.
  var needsNewEpoch: Bool { isBehind || answers == 0 }
}
