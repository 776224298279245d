/// How fast background work goes: so many bytes a second at most, and never longer at work than at rest, so that on a disk
/// that pushes keep busy, where the same bytes take longer, it takes a smaller part.
struct BackgroundPace: Sendable {
  /// 0: as fast as can be, without a rest.
  let bytesPerSecond: Int
  private var owed = Duration.zero

  /// Shorter rests are saved up: a rest costs a wake-up.
  static let leastRest = Duration.milliseconds(50)
  /// No single rest is longer, so that one stall of the disk does not put the work to sleep.
  static let mostRest = Duration.seconds(5)

  init(bytesPerSecond: Int) { self.bytesPerSecond = max(0, bytesPerSecond) }

  /// How long to rest after so much work.
  mutating func rest(after bytes: Int64, worked: Duration) -> Duration {
    guard bytesPerSecond > 0 else { return .zero }
    owed += max(.seconds(Double(bytes) / Double(bytesPerSecond)) - worked, worked)
    guard owed >= Self.leastRest else { return .zero }
    defer { owed = .zero }
    return min(owed, Self.mostRest)
  }
}
