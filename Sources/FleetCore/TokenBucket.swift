/// So many at once, and after that one in each while. Kept as the time at which it will be full again: one number.
///
/// Times are of a clock that never steps back, in milliseconds.
public struct TokenBucket: Sendable {
  public private(set) var fullAt: Int64 = 0

  public init() {}

  /// How long until there is a token in it; 0: there is one.
  public func wait(burst: Int64, each milliseconds: Int64, at now: Int64) -> Int64 {
    max(0, fullAt - now - (burst - 1) * milliseconds)
  }

  public mutating func take(each milliseconds: Int64, at now: Int64) { fullAt = max(fullAt, now) + milliseconds }

  /// One that was taken was not used.
  public mutating func giveBack(each milliseconds: Int64) { fullAt -= milliseconds }
}
