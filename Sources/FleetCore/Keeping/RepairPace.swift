/// How fast copies are made that replace lost ones: so many bytes a second on average, counted blob by blob. In milliseconds
/// of the monotonic clock.
public struct RepairPace: Sendable {
  /// 0: as fast as can be.
  private let bytesPerSecond: Int64
  private var freeAt: Int64 = 0

  public init(bytesPerSecond: Int64) { self.bytesPerSecond = max(0, bytesPerSecond) }

  /// How long to wait before the next blob.
  public func wait(at now: Int64) -> Int64 { max(0, freeAt - now) }

  public mutating func spend(_ bytes: Int64, at now: Int64) {
    guard bytesPerSecond > 0, bytes > 0 else { return }
    // A blob's bytes are fewer than what a 64-bit number of milliseconds holds of them, a thousandfold.
    freeAt = max(now, freeAt) + bytes / bytesPerSecond * 1000 + bytes % bytesPerSecond * 1000 / bytesPerSecond
  }
}
