/// A seed that hides what it has and shows each piece to one peer, so that what leaves it once reaches everybody: peers
/// hand on to each other what they were shown. A faster peer is shown more, however many there are.
///
/// One for each torrent of a node that has it whole; no seed is the first one. It knows its peers by what they say that
/// they have, and decides; whoever feeds it sends what it shows. It has no clock, and chance only when it is made.
public struct HiddenSeed: Sendable {
  public enum Event: Hashable, Sendable {
    /// Veiled: it was told that this is a seed, and waits to be shown pieces. Others see all there is, and only what they
    /// have matters.
    case joins(PeerID, isVeiled: Bool)
    case has(PeerID, Range<Int>)
    /// A reader there waits for this piece.
    case wants(PeerID, Int)
    case leaves(PeerID)
    /// The time that `nextTick` named has come.
    case tick
  }

  public enum Step: Hashable, Sendable {
    /// In this order.
    case show(PeerID, [Int])
    /// Everything, from now on.
    case open(PeerID)
  }

  public struct Counts: Hashable, Sendable {
    /// Times that a piece was shown to a peer.
    public var shown = 0
    /// Of these, pieces that others had or were shown: the same bytes may leave this node again.
    public var shownAgain = 0
    /// Shown in vain: nobody had them in time.
    public var returned = 0
    public var opened = 0

    public init() {}
  }

  public let pieceCount: Int
  public private(set) var counts = Counts()
  let rules: HidingRules
  var pool: PiecePool
  /// By piece: how many of the peers that lack something have it, how many are shown it and do not have it yet. Those
  /// who have everything hide it as this node does, or lie: what they have is not counted.
  var holders: [UInt16]
  var awaited: [UInt16]
  /// In the order in which they came, so that the same events have the same steps.
  var peers: [ShownPeer] = []
  private var places: [PeerID: Int] = [:]
  /// How many pieces may be shown that nobody has yet, and how many are, without those that are late.
  private var budget: Double
  private(set) var underWay = 0
  private var turns = 0
  private var steps: [Step] = []

  public init(
    pieceCount: Int, rules: HidingRules = HidingRules(), using chance: inout some RandomNumberGenerator
  ) {
    precondition(pieceCount > 0, "a torrent has a piece")
    (self.pieceCount, self.rules, budget) = (pieceCount, rules, rules.firstBudget)
    pool = PiecePool(
      pieceCount: pieceCount, leading: rules.leadingPieces, band: rules.bandPieces, using: &chance)
    holders = [UInt16](repeating: 0, count: pieceCount)
    awaited = holders
  }

  /// - Parameter now: never before that of an earlier call.
  /// - Returns: what is to be sent. To a peer of which nothing is known, or that left, nothing is.
  public mutating func take(_ event: Event, at now: SwarmInstant) -> [Step] {
    steps = []
    switch event {
    case .joins(let id, let isVeiled): join(id, isVeiled, at: now)
    case .has(let id, let pieces): note(id, has: pieces, at: now)
    case .wants(let id, let piece): want(piece, id, at: now)
    case .leaves(let id): leave(id, at: now)
    case .tick: lookAtClock(now)
    }
    return steps
  }

  var room: Int { Int(budget) - underWay }

  /// Peers that lack something and are hidden from.
  public var hiddenPeers: Int { peers.indices.count { isHidden(from: $0) } }

  func isHidden(from place: Int) -> Bool { peers[place].isHiddenFrom && !peers[place].isWhole(of: pieceCount) }

  func place(of id: PeerID) -> Int? { places[id] }

  /// Nobody has it, and nobody is about to.
  func isFree(_ piece: Int) -> Bool { holders[piece] == 0 && awaited[piece] == 0 }

  // MARK: - Peers

  private mutating func join(_ id: PeerID, _ isVeiled: Bool, at now: SwarmInstant) {
    guard places[id] == nil else { return }
    places[id] = peers.count
    peers.append(ShownPeer(id, isVeiled: isVeiled, pieceCount: pieceCount, window: rules.firstWindow))
    openIfAmple()
    fill(at: now)
    // However many there are, each sees soon that this is a seed.
    greet(peers.count - 1, at: now)
  }

  private mutating func note(_ id: PeerID, has pieces: Range<Int>, at now: SwarmInstant) {
    guard let place = places[id], !peers[place].isWhole(of: pieceCount) else { return }
    var hasSettled = false
    for piece in pieces.clamped(to: 0..<pieceCount) where peers[place].note(has: piece) {
      holders[piece] &+= 1
      hasSettled = settle(piece, at: place, now) || hasSettled
    }
    if peers[place].isWhole(of: pieceCount) {
      forgetPieces(of: place)
      openIfAmple()
    } else if !hasSettled {
      // As most words are: it came from another peer, and changes nothing here.
      return
    }
    fill(at: now)
    fillLast(at: now)
  }

  /// The last one first, so that those in front are shown before the others.
  private mutating func forgetPieces(of place: Int) {
    for piece in peers[place].has.pieces.reversed() {
      holders[piece] -= 1
      if isFree(piece) { pool.putBack(piece) }
    }
  }

  /// - Returns: it waited for this.
  private mutating func settle(_ piece: Int, at place: Int, _ now: SwarmInstant) -> Bool {
    peers[place].isDoubted = false
    if !peers[place].wants.isEmpty { peers[place].wants.removeAll { $0.piece == piece } }
    guard peers[place].shown.contains(piece),
      let at = peers[place].outstanding.firstIndex(where: { $0.piece == piece })
    else { return false }
    let waiting = peers[place].outstanding.remove(at: at)
    awaited[piece] -= 1
    if at < peers[place].lateCount { peers[place].lateCount -= 1 } else { underWay -= 1 }
    adapt(to: peers[place].note(delay: now - waiting.since), at: place)
    return true
  }

  /// - Parameter longer: than the quickest piece one took to that peer.
  private mutating func adapt(to longer: SwarmInstant, at place: Int) {
    let step = longer < rules.quickDelay ? 1 : longer > rules.slowDelay ? -0.5 : 0
    budget = min(rules.budgets.upperBound, max(rules.budgets.lowerBound, budget + step))
    peers[place].window = min(rules.windows.upperBound, max(rules.windows.lowerBound, peers[place].window + step))
  }

  private mutating func leave(_ id: PeerID, at now: SwarmInstant) {
    guard let place = places[id] else { return }
    if !peers[place].isWhole(of: pieceCount) { forgetPieces(of: place) }
    let peer = peers.remove(at: place)
    places = Dictionary(uniqueKeysWithValues: peers.enumerated().map { ($1.id, $0) })
    underWay -= peer.outstanding.count - peer.lateCount
    for waiting in peer.outstanding { giveUp(waiting.piece) }
    openIfAmple()
    fill(at: now)
    fillLast(at: now)
  }

  /// The first pieces that were not late before hold up nobody from now on.
  mutating func note(late count: Int, at place: Int) {
    underWay -= count - peers[place].lateCount
    peers[place].lateCount = count
  }

  /// One peer less is about to have it.
  mutating func giveUp(_ piece: Int) {
    awaited[piece] -= 1
    guard isFree(piece) else { return }
    counts.returned += 1
    pool.putBack(piece)
  }

  /// Hiding makes peers hand on to each other what leaves a few seeds once. Where those who have everything are as many
  /// as those who lack something there is no need for it, and each is shown everything.
  private mutating func openIfAmple() {
    let whole = peers.count { $0.isWhole(of: pieceCount) }
    guard whole > 0, whole >= peers.count - whole else { return }
    for place in peers.indices where isHidden(from: place) {
      peers[place].isOpened = true
      counts.opened += 1
      steps.append(.open(peers[place].id))
      let waiting = peers[place].outstanding
      note(late: waiting.count, at: place)
      (peers[place].outstanding, peers[place].lateCount, peers[place].wants) = ([], 0, [])
      for each in waiting {
        awaited[each.piece] -= 1
        if isFree(each.piece) { pool.putBack(each.piece) }
      }
    }
  }

  // MARK: - Showing

  mutating func show(_ pieces: [Int], at place: Int, _ now: SwarmInstant) {
    guard !pieces.isEmpty else { return }
    for piece in pieces {
      if !isFree(piece) { counts.shownAgain += 1 }
      awaited[piece] &+= 1
      peers[place].note(shown: piece)
      peers[place].outstanding.append(.init(piece: piece, since: now))
    }
    underWay += pieces.count
    turns += 1
    peers[place].turn = turns
    counts.shown += pieces.count
    if case .show(peers[place].id, let before) = steps.last {
      steps[steps.count - 1] = .show(peers[place].id, before + pieces)
    } else {
      steps.append(.show(peers[place].id, pieces))
    }
  }
}
