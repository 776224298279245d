import RegistryCore

/// Why the session that strangers reach is not there, and when it may be tried again: each time later, up to a bound. To
/// open one is not cheap, and any number of strangers may ask for it.
struct PublicTrouble: Sendable {
  let failure: RegistryError
  let retryAt: ContinuousClock.Instant
  private let pause: Duration

  init(_ failure: RegistryError, after earlier: PublicTrouble?, _ rules: SwarmRules, at now: ContinuousClock.Instant) {
    self.failure = failure
    pause = earlier.map { min($0.pause * 2, rules.publicRetryMost) } ?? rules.publicRetryLeast
    retryAt = now + pause
  }
}
