/// How long a peer may still keep the server waiting: full at the start of a message, eaten by waiting, earned by bytes.
///
/// A peer slower than the minimum rate runs dry however evenly it trickles, and one that was fast has no more than the
/// grace to stand still. Only time in which the server waits counts, so a slow handler is never the client's fault.
struct RateBudget: Sendable {
  private(set) var remaining: UInt64
  private let grace: UInt64
  private let bytesPerSecond: UInt64

  init(_ limits: WireLimits) {
    grace = limits.rateGrace.clampedNanoseconds
    bytesPerSecond = UInt64(max(1, limits.minimumBytesPerSecond))
    remaining = grace
  }

  mutating func waited(nanoseconds: UInt64) {
    remaining -= min(remaining, nanoseconds)
  }

  mutating func moved(bytes: Int) {
    let earned = UInt64(max(0, bytes)).multipliedReportingOverflow(by: 1_000_000_000)
    let nanoseconds = earned.overflow ? grace : earned.partialValue / bytesPerSecond
    remaining = min(grace, remaining + min(grace, nanoseconds))
  }
}
