// Which pieces are shown next, and to whom.
extension HiddenSeed {
  /// Free pieces, as many as the budget has room for, each to the peer that waits for the fewest; among those to the
  /// one that was shown something the longest ago. Who is quick is back soon. Who let a piece down comes last.
  mutating func fill(at now: SwarmInstant) {
    var passedOver: Set<Int> = []
    while room > 0, let place = nextInTurn(besides: passedOver) {
      if let piece = takeFree(for: place) {
        show([piece], at: place, now)
      } else if pool.isUsedUp(isFree: isFree) {
        return
      } else {
        passedOver.insert(place)
      }
    }
  }

  private func nextInTurn(besides passedOver: Set<Int>) -> Int? {
    var best: Int?
    for (place, peer) in peers.enumerated()
    where isHidden(from: place) && peer.hasRoom && !passedOver.contains(place) {
      guard let other = best else {
        best = place
        continue
      }
      if peer.isBefore(peers[other]) { best = place }
    }
    return best
  }

  private mutating func takeFree(for place: Int) -> Int? {
    let (holders, awaited, peer) = (holders, awaited, peers[place])
    return pool.take(
      isFree: { holders[$0] == 0 && awaited[$0] == 0 },
      suits: { !peer.knows($0) })
  }

  /// Whoever comes while the budget is used up.
  mutating func greet(_ place: Int, at now: SwarmInstant) {
    guard peers[place].isHiddenFrom, peers[place].outstanding.isEmpty else { return }
    if let piece = takeFree(for: place) { show([piece], at: place, now) } else { fillLast(at: now) }
  }

  /// All pieces are there somewhere. What peers lack they may have from here as well, the rarest first: this node's
  /// line is free.
  mutating func fillLast(at now: SwarmInstant) {
    let isDue = peers.contains { isLow($0) }
    guard isDue, isOutOnce else { return }
    for place in peers.indices where isLow(peers[place]) {
      show(rarest(rules.lastWindow - peers[place].outstanding.count, for: place), at: place, now)
    }
  }

  private func isLow(_ peer: ShownPeer) -> Bool {
    peer.isHiddenFrom && peer.unknownCount > 0 && peer.lateCount == 0
      && peer.outstanding.count <= rules.lastWindow / 2
  }

  /// Each piece has left this node once. Before that its line is for those that have not.
  private var isOutOnce: Bool {
    guard pool.isUsedUp(isFree: isFree) else { return false }
    return peers.allSatisfy { peer in
      peer.outstanding.dropFirst(peer.lateCount).allSatisfy { holders[$0.piece] > 0 }
    }
  }

  /// One pass: the rarest that it neither has nor was shown; among equals others for each peer.
  private func rarest(_ limit: Int, for place: Int) -> [Int] {
    let peer = peers[place]
    let salt = peer.id.number &* 0x9E37_79B9
    var best: [(key: UInt64, piece: Int)] = []
    for piece in 0..<pieceCount where !peer.knows(piece) {
      let mixed = (UInt32(truncatingIfNeeded: piece) ^ salt) &* 0x85EB_CA6B
      let key = UInt64(holders[piece] &+ awaited[piece]) << 32 | UInt64(mixed)
      if best.count == limit, let last = best.last, key >= last.key { continue }
      best.insert((key, piece), at: best.firstIndex { $0.key > key } ?? best.endIndex)
      if best.count > limit { best.removeLast() }
    }
    return best.map(\.piece)
  }
}

extension ShownPeer {
  fileprivate var hasRoom: Bool { lateCount == 0 && outstanding.count < Int(window) }

  fileprivate func isBefore(_ other: ShownPeer) -> Bool {
    if isDoubted != other.isDoubted { return other.isDoubted }
    if outstanding.count != other.outstanding.count { return outstanding.count < other.outstanding.count }
    return turn < other.turn
  }
}
