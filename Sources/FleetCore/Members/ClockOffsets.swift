import RegistryCore

/// How far the wall clock of this node is from its members': the median over the last exchanges. No few members with wrong
/// clocks move it.
struct ClockOffsets: Sendable {
  private struct Sample {
    let node: NodeID
    let offset: Int64
    let taken: Int64
  }

  private var samples: [Sample] = []

  /// A member's clock, read half-way between a question and its answer.
  mutating func take(_ node: NodeID, wall: Int64, asked: Int64, answered: Int64, now: Int64) {
    samples.removeAll { $0.node == node || $0.taken + FleetLimits.clockSampleMilliseconds < now }
    if samples.count == FleetLimits.clockSamples { samples.removeFirst() }
    samples.append(Sample(node: node, offset: wall - (asked + answered) / 2, taken: now))
  }

  /// How much the members' clocks are ahead of this one, in milliseconds; `nil`: nobody was heard lately. Of two in the
  /// middle the one that is nearer: in doubt, the clock is right.
  func median(now: Int64) -> Int64? {
    let offsets = samples.lazy.filter { $0.taken + FleetLimits.clockSampleMilliseconds >= now }.map(\.offset).sorted()
    guard !offsets.isEmpty else { return nil }
    let (low, high) = (offsets[(offsets.count - 1) / 2], offsets[offsets.count / 2])
    return abs(low) < abs(high) ? low : high
  }
}
