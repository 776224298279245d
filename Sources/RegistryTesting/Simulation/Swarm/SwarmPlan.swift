import SwarmCore

/// A swarm to be simulated: who is in it, over which lines, and what goes wrong. All of it follows from the seed.
public struct SwarmPlan: Sendable {
  public struct Node: Sendable {
    public enum End: Hashable, Sendable {
      /// Its process dies: the others notice at once.
      case killed
      /// Nothing comes from it or gets there any more.
      case silenced
    }

    /// Bytes a second, each way.
    public var rate: Double
    /// Microseconds from its end of the line to the switch in the middle.
    public var latency: SwarmInstant = 500
    public var arrives: SwarmInstant = 0
    public var isOrigin = false
    /// Knows nothing of hidden seeds.
    public var isForeign = false
    /// Says that it is a seed, and shows and sends nothing.
    public var isMute = false
    /// Somebody there reads the blob from its front.
    public var reads = true
    public var end: End?
    /// By the clock, or when it has sent so many copies of the blob.
    public var endsAt: SwarmInstant?
    public var endsAfterCopies: Double?

    public init(rate: Double) { self.rate = rate }
  }

  public var seed: UInt64
  public var bytes = 64 << 20
  public var pieceBytes = 64 << 10
  public var nodes: [Node]
  public var hides = true
  public var rules = HidingRules()
  public var depths = RequestDepth.Rules()
  /// Requests under way on one connection at most, in blocks.
  public var queue = 1500
  /// Until a request is taken for lost.
  public var requestPatience: SwarmInstant = 3_000_000
  public var limit: SwarmInstant = 600_000_000

  /// One node that has the blob and others that come at once, all with the same line.
  public init(seed: UInt64, cold: Int, rate: Double) {
    self.seed = seed
    nodes = [Node](repeating: Node(rate: rate), count: cold + 1)
    nodes[0].isOrigin = true
  }

  /// Of a line of so many million bits a second, what payload gets.
  public static func payload(megabits: Double) -> Double { megabits * 1e6 / 8 * 0.95 }
}

/// How a simulated swarm went.
public struct SwarmResult: Sendable {
  /// Of those that came cold and did not end: from its arrival to its last piece, and to the first byte for a reader.
  public var took: [SwarmInstant?] = []
  public var firstPieces: [SwarmInstant?] = []
  /// What left each node, over the size of the blob.
  public var copies: [Double] = []
  /// Bytes that came a second time, over all bytes that were needed.
  public var redundant = 0.0
  /// What a reader could have read when half of the blob was there, over what was there, on average.
  public var readable = 0.0
  public var counts = HiddenSeed.Counts()
  /// Seeds that showed nothing.
  public var cut = 0
  public var events = 0

  public var finished: Bool { took.allSatisfy { $0 != nil } }

  /// Over the time that the blob needs on a line of this rate.
  public func last(bytes: Int, rate: Double) -> Double { ratios(bytes, rate).last ?? 0 }

  public func median(bytes: Int, rate: Double) -> Double {
    let ratios = ratios(bytes, rate)
    return ratios.isEmpty ? 0 : ratios[(ratios.count - 1) / 2]
  }

  private func ratios(_ bytes: Int, _ rate: Double) -> [Double] {
    took.map { Double($0 ?? .max) / (Double(bytes) / rate * 1e6) }.sorted()
  }
}
