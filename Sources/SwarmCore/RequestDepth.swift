/// How many blocks are asked of one peer before the first of them has come: so many that its line is never idle, and
/// no more. What is asked of one peer waits in its line and cannot come from another that is free meanwhile: of
/// sixteen nodes that fetch from each other the last is done 25 % late at a depth of 64, and 5 % late at 4.
public struct RequestDepth: Hashable, Sendable {
  public struct Rules: Hashable, Sendable {
    public var depths: ClosedRange<Int> = 3...1500
    /// Blocks may wait in the peer's line for so long, besides the quickest answer that it ever gave.
    public var slack: SwarmInstant = 40_000
    /// With fewer peers than this that send, nobody else could have sent: the depth stays the largest.
    public var peers = 3

    public init() {}
  }

  public static let blockBytes = 16 << 10

  private let rules: Rules
  private var leastDelay: SwarmInstant?
  public private(set) var depth: Int

  public init(_ rules: Rules = Rules()) {
    self.rules = rules
    depth = rules.depths.upperBound
  }

  /// What came in a while, a quarter of a second or so.
  /// - Parameters:
  ///   - delay: of the quickest block, from asking for it.
  ///   - peers: of the torrent that sent anything in this while.
  public mutating func note(blocks: Int, delay: SwarmInstant, over while: SwarmInstant, peers: Int) {
    guard blocks > 0, `while` > 0 else { return }
    let least = min(leastDelay ?? delay, delay)
    leastDelay = least + (delay - least) / 16
    guard peers >= rules.peers else {
      depth = rules.depths.upperBound
      return
    }
    let wanted = Double(blocks) * Double(least + rules.slack) / Double(`while`)
    depth = min(rules.depths.upperBound, max(rules.depths.lowerBound, Int(wanted.rounded(.up))))
  }
}
