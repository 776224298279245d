/// Windows and patiences of a seed that hides its pieces, by name. Times are microseconds.
public struct HidingRules: Hashable, Sendable {
  /// A torrent of fewer bytes is not hidden: it is over before a second piece could be shown.
  public static let leastBytes: Int64 = 1 << 20

  /// So many pieces from the front are shown in order: what every reader waits for first.
  public var leadingPieces = 16
  /// Behind them pieces are shown in bands of so many, shuffled.
  public var bandPieces = 64
  /// Pieces that are shown and that nobody has yet, of all peers together: at the beginning, and the bounds.
  public var firstBudget = 16.0
  public var budgets: ClosedRange<Double> = 2...4096
  /// The same of one peer alone: one that is slow must not gather what others could hand on.
  public var firstWindow = 4.0
  public var windows: ClosedRange<Double> = 1...512
  /// A piece that comes so soon after the quickest one widens both by one: the line may have been idle.
  public var quickDelay: SwarmInstant = 100_000
  /// One that comes later than this after the quickest one narrows both by a half: pieces wait in the line.
  public var slowDelay: SwarmInstant = 300_000
  /// What a peer keeps others waiting for longer than this, and so many times what it took before, holds up nobody: it
  /// does not count any more, and that peer is shown nothing else.
  public var lateDelay: SwarmInstant = 500_000
  public var lateFactor = 3.0
  /// When all pieces are out, a peer is shown so many of those that it lacks.
  public var lastWindow = 4
  /// A piece that was shown and that nobody has for so long is shown to another: so long at the least,
  public var returnPatience: SwarmInstant = 1_000_000
  /// so many times what the peer took for others,
  public var returnFactor = 5.0
  /// and so long where the peer has had none yet.
  public var firstReturnPatience: SwarmInstant = 3_000_000
  /// A piece that a reader waits for, and that another peer has or is about to have, is shown after so long all the
  /// same.
  public var wantPatience: SwarmInstant = 1_000_000
  /// Pieces that a peer may be waiting for at once; it is shown others in their turn.
  public var wants = 64

  public init() {}
}
