import Synchronization

/// How observations spread over fixed buckets. An observation costs two atomic additions.
public final class Histogram: Sendable {
  /// Seconds, from a manifest out of memory to a large layer.
  public static let durationBoundsSeconds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
  ]

  /// Upper bounds (inclusive), rising; the bucket above the last one is implied.
  public let bounds: [Double]
  private let counters: [Counter]
  private let sumBits = Atomic<UInt64>(Double(0).bitPattern)

  public init(bounds: [Double] = Histogram.durationBoundsSeconds) {
    precondition(!bounds.isEmpty && bounds.allSatisfy(\.isFinite), "a histogram needs finite bounds")
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds of a histogram rise")
    self.bounds = bounds
    counters = (0...bounds.count).map { _ in Counter() }
  }

  public func observe(_ value: Double) {
    // Not a number belongs to no bucket and would spoil the sum for ever.
    guard !value.isNaN else { return }
    counters[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
    var old = sumBits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + value).bitPattern
      let (isExchanged, original) = sumBits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if isExchanged { return }
      old = original
    }
  }

  /// Counts per bucket, each with what is below it; the last one is all. Read one after the other while observations go
  /// on, so they rise as the format demands but may be a few ahead of the sum.
  var cumulativeCounts: [Int64] {
    var total: Int64 = 0
    return counters.map { counter in
      total += counter.value
      return total
    }
  }

  public var count: Int64 { cumulativeCounts[bounds.count] }
  public var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }
}
