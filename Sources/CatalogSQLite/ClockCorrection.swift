/// What the members' clocks are ahead of this node's, where they agree that it is wrong.
///
/// From when it was told on, their time is counted on the monotonic clock: when somebody sets the wall clock right, a
/// moment passes until that is said here, and in that moment nothing may count that is not due.
struct ClockCorrection: Sendable {
  let milliseconds: Int64
  private let membersTime: Int64
  private let told: ContinuousClock.Instant

  init(by milliseconds: Int64, wallClockMilliseconds wall: Int64) {
    (self.milliseconds, membersTime, told) = (milliseconds, wall + milliseconds, .now)
  }

  /// The members' time, in milliseconds since 1970.
  var now: Int64 { membersTime + Int64(told.duration(to: .now) / .milliseconds(1)) }
}
