// What comes late, and what is waited for.
extension HiddenSeed {
  /// When something comes due; `nil`: nothing can.
  public var nextTick: SwarmInstant? {
    var next: SwarmInstant?
    for peer in peers {
      if let oldest = peer.outstanding.first {
        let due = oldest.since + peer.returnPatience(rules)
        next = min(next ?? due, due)
      }
      if peer.lateCount < peer.outstanding.count {
        let due = peer.outstanding[peer.lateCount].since + peer.lateAfter(rules)
        next = min(next ?? due, due)
      }
      if let oldest = peer.wants.first {
        let due = oldest.since + rules.wantPatience
        next = min(next ?? due, due)
      }
    }
    return next
  }

  mutating func lookAtClock(_ now: SwarmInstant) {
    for place in peers.indices {
      let after = peers[place].lateAfter(rules)
      let late = peers[place].outstanding.prefix { now - $0.since >= after }.count
      if late > peers[place].lateCount { note(late: late, at: place) }
      giveUpLate(place, now)
      grantLate(place, now)
    }
    fill(at: now)
    fillLast(at: now)
  }

  /// What a peer was shown long ago is shown to another if nobody has it. The peer goes on knowing of it.
  private mutating func giveUpLate(_ place: Int, _ now: SwarmInstant) {
    let patience = peers[place].returnPatience(rules)
    let late = peers[place].outstanding.prefix { now - $0.since >= patience }
    guard !late.isEmpty else { return }
    if late.count > peers[place].lateCount { note(late: late.count, at: place) }
    peers[place].outstanding.removeFirst(late.count)
    peers[place].lateCount -= late.count
    peers[place].isDoubted = true
    for waiting in late { giveUp(waiting.piece) }
  }

  private mutating func grantLate(_ place: Int, _ now: SwarmInstant) {
    let due = peers[place].wants.prefix { now - $0.since >= rules.wantPatience }
    guard !due.isEmpty else { return }
    peers[place].wants.removeFirst(due.count)
    show(due.map(\.piece).filter { !peers[place].shown.contains($0) }, at: place, now)
  }

  /// What is free is shown at once, whatever the window; what another peer has, or is about to have, comes from there
  /// soon, as a rule.
  mutating func want(_ piece: Int, _ id: PeerID, at now: SwarmInstant) {
    guard let place = place(of: id), 0..<pieceCount ~= piece, peers[place].isHiddenFrom,
      !peers[place].knows(piece), !peers[place].wants.contains(where: { $0.piece == piece })
    else { return }
    if isFree(piece) { return show([piece], at: place, now) }
    guard peers[place].wants.count < rules.wants else { return }
    peers[place].wants.append(.init(piece: piece, since: now))
  }
}
