/// What a hidden seed knows of one peer.
struct ShownPeer: Sendable {
  struct Waiting: Sendable {
    let piece: Int
    let since: SwarmInstant
  }

  let id: PeerID
  /// It was told that there is a seed and waits to be shown pieces. Others see all there is.
  let isVeiled: Bool
  /// It was told everything in the end.
  var isOpened = false
  private(set) var has: PieceBits
  /// All that it was ever shown.
  private(set) var shown: PieceBits
  /// Pieces that it neither has nor was shown.
  private(set) var unknownCount: Int
  /// Shown, and not had yet; the oldest first. The first `lateCount` of them hold up nobody any more.
  var outstanding: [Waiting] = []
  var lateCount = 0
  /// So many may be outstanding.
  var window: Double
  /// What it was shown came to nothing; until it has something again others come first.
  var isDoubted = false
  /// What readers wait for there and it was not shown; the oldest first.
  var wants: [Waiting] = []
  /// When it was last shown something, among all peers.
  var turn = 0
  /// From showing a piece to hearing that it is there.
  private var leastDelay: SwarmInstant?
  private var averageDelay: Double?

  init(_ id: PeerID, isVeiled: Bool, pieceCount: Int, window: Double) {
    (self.id, self.isVeiled, self.window) = (id, isVeiled, window)
    has = PieceBits(pieceCount: pieceCount)
    shown = PieceBits(pieceCount: pieceCount)
    unknownCount = pieceCount
  }

  var isHiddenFrom: Bool { isVeiled && !isOpened }

  func isWhole(of pieceCount: Int) -> Bool { has.count == pieceCount }

  func knows(_ piece: Int) -> Bool { has.contains(piece) || shown.contains(piece) }

  /// `false`: it was known.
  mutating func note(has piece: Int) -> Bool {
    guard has.insert(piece) else { return false }
    if !shown.contains(piece) { unknownCount -= 1 }
    return true
  }

  mutating func note(shown piece: Int) {
    if shown.insert(piece), !has.contains(piece) { unknownCount -= 1 }
  }

  /// It has a piece that it was shown so long ago.
  /// - Returns: how much longer that took than the quickest one.
  mutating func note(delay: SwarmInstant) -> SwarmInstant {
    let least = min(leastDelay ?? delay, delay)
    // A line that grew longer is believed after a while.
    leastDelay = least + (delay - least) / 64
    averageDelay = averageDelay.map { $0 + (Double(delay) - $0) / 8 } ?? Double(delay)
    return delay - least
  }

  func lateAfter(_ rules: HidingRules) -> SwarmInstant {
    max(rules.lateDelay, SwarmInstant((averageDelay ?? 0) * rules.lateFactor))
  }

  func returnPatience(_ rules: HidingRules) -> SwarmInstant {
    guard let averageDelay else { return rules.firstReturnPatience }
    return max(rules.returnPatience, SwarmInstant(averageDelay * rules.returnFactor))
  }
}
