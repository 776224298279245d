import Glibc

/// Time that only goes forward, in nanoseconds. Deadlines are instants of it.
public enum MonotonicClock {
  public static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension Duration {
  /// Negative durations count as none, and endless ones as 292 years.
  public var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let capped = min(seconds, Int64.max / 1_000_000_000 - 1)
    return UInt64(capped) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
