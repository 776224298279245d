import BlockingWork

/// How long a peer may still keep the server waiting: full at the start of a message, eaten by waiting, earned by bytes.
///
/// A peer slower than the minimum rate runs dry however evenly it trickles, and one that was fast has no more than the
/// grace to stand still. Only time in which the server waits counts, so a slow handler is never the client's fault.
struct RateBudget: Sendable {
  /// Below zero is debt: a wait that ended late is not forgiven.
  private var balance: Int64
  private let grace: Int64
  /// 0: as slow as the peer likes.
  private let bytesPerSecond: Int64

  init(_ limits: WireLimits) {
    grace = Int64(clamping: limits.rateGrace.clampedNanoseconds)
    bytesPerSecond = Int64(max(0, limits.minimumBytesPerSecond))
    balance = grace
  }

  /// In nanoseconds.
  var remaining: UInt64 { bytesPerSecond == 0 ? Self.forEver : UInt64(max(0, balance)) }

  /// Ten years, which no clock overflows by.
  private static let forEver: UInt64 = 10 * 365 * 86_400 * 1_000_000_000

  mutating func waited(nanoseconds: UInt64) {
    guard bytesPerSecond > 0 else { return }
    balance -= min(Int64(clamping: nanoseconds), grace + balance)
  }

  mutating func moved(bytes: Int) {
    guard bytesPerSecond > 0 else { return }
    let earned = Int64(max(0, bytes)).multipliedReportingOverflow(by: 1_000_000_000)
    let nanoseconds = earned.overflow ? grace : min(grace, earned.partialValue / bytesPerSecond)
    balance = min(grace, balance + nanoseconds)
  }
}
