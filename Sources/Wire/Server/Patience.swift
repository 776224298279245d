import BlockingWork

/// The waiting times of `WireLimits` in nanoseconds, worked out once: `Duration` counts in attoseconds of 128 bits, which
/// costs too much for every request.
struct Patience: Sendable {
  let head: UInt64
  let handshake: UInt64
  let idle: UInt64
  let linger: UInt64
  let lingerWhileStopping: UInt64
  /// At the start of each message's body.
  let budget: RateBudget

  init(_ limits: WireLimits) {
    head = limits.headDeadline.clampedNanoseconds
    handshake = limits.handshakeDeadline.clampedNanoseconds
    idle = limits.idleDeadline.clampedNanoseconds
    linger = limits.lingerDeadline.clampedNanoseconds
    lingerWhileStopping = limits.lingerDeadlineWhileStopping.clampedNanoseconds
    budget = RateBudget(limits)
  }
}
