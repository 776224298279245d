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

  /// - Returns: `nil`: nobody was heard, or not for a day.
  func reading(at now: Moment) -> ClockReading? {
    guard let last = samples.last, last.taken + FleetLimits.clockMemoryMilliseconds >= now.monotonic else { return nil }
    let offsets = samples.map { $0.aheadOfMonotonic + now.monotonic - now.wall }.sorted()
    let (low, high) = (offsets[(offsets.count - 1) / 2], offsets[offsets.count / 2])
    let median = abs(low) < abs(high) ? low : high
    let agreeing = offsets.count { abs($0 - median) <= FleetLimits.clockOffMilliseconds }
    return ClockReading(median: median, heard: offsets.count, agreeing: agreeing)
  }
}

/// What the members' clocks say of this node's.
struct ClockReading: Sendable {
  /// How much they are ahead of it, in milliseconds. Of two in the middle the one that is nearer: in doubt, the clock is
  /// right.
  let median: Int64
  let heard: Int
  /// Of those who were heard, how many say about the same as the median.
  let agreeing: Int

  var isOff: Bool { abs(median) > FleetLimits.clockOffMilliseconds }

  /// Whether so many agree that no minority can have made it up: more than half of those heard, and more than half of all
  /// others or, in a larger fleet, `FleetLimits.agreeingClocks`; never one alone.
  /// - Parameter others: how many members there are besides this node.
  func isAgreed(among others: Int) -> Bool {
    agreeing >= max(2, min(FleetLimits.agreeingClocks, others / 2 + 1)) && agreeing * 2 > heard
  }
}
