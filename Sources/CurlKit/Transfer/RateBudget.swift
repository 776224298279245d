import BlockingWork

/// How long a peer may still keep us waiting: full at the start of a message, eaten by waiting, earned by bytes.
///
/// A peer slower than the minimum rate runs dry however evenly it trickles, and one that was fast has no more than the
/// grace to stand still.
struct RateBudget {
  private let grace: UInt64
  /// 0: as slow as the peer likes.
  private let bytesPerSecond: Int
  private(set) var remaining: UInt64

  init(_ patience: HTTPPatience) {
    grace = patience.grace.clampedNanoseconds
    bytesPerSecond = max(0, patience.minimumBytesPerSecond)
    remaining = bytesPerSecond == 0 ? .max : grace
  }

  mutating func spend(nanoseconds: UInt64, bytes: Int) {
    guard bytesPerSecond > 0 else { return }
    remaining -= min(remaining, nanoseconds)
    let earned = UInt64(max(0, bytes)).multipliedReportingOverflow(by: 1_000_000_000)
    guard !earned.overflow else {
      remaining = grace
      return
    }
    remaining = min(grace, remaining + min(grace, earned.partialValue / UInt64(bytesPerSecond)))
  }
}
