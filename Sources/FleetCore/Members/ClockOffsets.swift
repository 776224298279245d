import RegistryCore

/// How far the wall clock of this node is from its members', by their answers to the last exchanges. No few members with
/// wrong clocks move that.
///
/// What a member's clock shows is kept as what it is ahead of this node's *monotonic* clock: when somebody sets the wall
/// clock here, the node knows in the same instant by how much it is off now, and not when members have answered anew.
struct ClockOffsets: Sendable {
  private struct Sample {
    let node: NodeID
    let aheadOfMonotonic: Int64
    let taken: Int64
  }

  /// One of a node, in the order in which they were taken.
  private var samples: [Sample] = []

  /// A member's clock, read half-way between a question and its answer, which are times of the monotonic clock.
  mutating func take(_ node: NodeID, wall: Int64, asked: Int64, answered: Int64) {
    samples.removeAll { $0.node == node || $0.taken + FleetLimits.clockSampleMilliseconds < answered }
    if samples.count == FleetLimits.clockSamples { samples.removeFirst() }
    samples.append(Sample(node: node, aheadOfMonotonic: wall - (asked + answered) / 2, taken: answered))
  }

  mutating func forget(_ node: NodeID) { samples.removeAll { $0.node == node } }

  /// How much the members' clocks are ahead of this one, in milliseconds; `nil`: nobody was heard, or not for a day. Of two
  /// in the middle the one that is nearer: in doubt, the clock is right.
  func median(at now: Moment) -> Int64? {
    guard let last = samples.last, last.taken + FleetLimits.clockMemoryMilliseconds >= now.monotonic else { return nil }
    let offsets = offsets(at: now).sorted()
    let (low, high) = (offsets[(offsets.count - 1) / 2], offsets[offsets.count / 2])
    return abs(low) < abs(high) ? low : high
  }

  /// The median, if so many members agree with it that no minority can have made it up: more than half of those heard, and
  /// more than half of all others or, in a larger fleet, `FleetLimits.agreeingClocks`; never one alone.
  /// - Parameter others: how many members there are besides this node.
  func agreed(at now: Moment, others: Int) -> Int64? {
    guard let median = median(at: now) else { return nil }
    let offsets = offsets(at: now)
    let agreeing = offsets.count { abs($0 - median) <= FleetLimits.clockOffMilliseconds }
    let least = max(2, min(FleetLimits.agreeingClocks, others / 2 + 1))
    return agreeing >= least && agreeing * 2 > offsets.count ? median : nil
  }

  private func offsets(at now: Moment) -> [Int64] { samples.map { $0.aheadOfMonotonic + now.monotonic - now.wall } }
}
