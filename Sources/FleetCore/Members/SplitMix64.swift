/// A small generator (Steele, Lea, Flood 2014) for choices that need to be even and not secret: whom to ask next. One seed
/// makes one sequence, so that a simulation can be run again.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    defer { state &+= 0x9E37_79B9_7F4A_7C15 }
    return state.scrambled
  }

  /// A number from 0 to below a bound: without the generic machinery, which a simulation of thousands would feel.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
