import RegistryCore

// Who is there.
extension FleetMachine {
  mutating func wasHeard(_ peer: NodeID) {
    if detector.heard(peer) { tellState(of: peer) }
  }

  mutating func told(_ bulletin: Bulletin) {
    self.bulletin = bulletin
    note(bulletin, of: node)
  }

  var bulletinOfNow: Bulletin {
    var bulletin = bulletin
    bulletin.behindMilliseconds = freshAt.map { now.monotonic - $0 }
    return bulletin
  }

  /// Who says nothing has said nothing new: what it said before grows old.
  mutating func note(_ bulletin: Bulletin, of peer: NodeID) {
    if !bulletin.isEmpty { bulletins[peer] = Bulletin.Told(bulletin: bulletin, at: now.monotonic) }
  }

  mutating func tellState(of node: NodeID) { effects.append(.member(node, detector.state(of: node))) }

  /// It did not answer: others may reach it.
  mutating func doubt(_ peer: NodeID) {
    guard directory.isMember(peer), directory.isMember(node) else { return }
    guard detector.state(of: peer) == .alive, !detector.isProbed(peer) else { return }
    let others = peers(FleetLimits.indirectProbes, except: peer)
    guard detector.unanswered(by: peer, others: others.count) else { return suspect(peer) }
    for other in others where !ask(other, .probe(peer), for: .probe(of: peer)) { wasTold(of: peer, isThere: false) }
  }

  mutating func wasTold(of target: NodeID, isThere: Bool) {
    if detector.told(of: target, isThere: isThere) { suspect(target) }
  }

  private mutating func suspect(_ node: NodeID) {
    let incarnation = cards[node]?.incarnation ?? 0
    if detector.suspect(node, incarnation: incarnation, now: now.monotonic) { tellState(of: node) }
  }

  /// What a member doubts, if it speaks of the card that stands here: of an earlier one it is refuted, and a later one
  /// nobody has shown.
  mutating func takeSuspicions(_ suspicions: [Suspicion]) {
    for suspicion in suspicions where directory.isMember(suspicion.node) {
      guard suspicion.node != node else {
        refute(suspicion)
        continue
      }
      guard suspicion.incarnation == cards[suspicion.node]?.incarnation ?? 0 else { continue }
      if detector.suspect(suspicion.node, incarnation: suspicion.incarnation, now: now.monotonic) {
        tellState(of: suspicion.node)
      }
    }
  }

  /// Says of itself, later than the suspicion, that it is there.
  private mutating func refute(_ suspicion: Suspicion) {
    guard let mine = cards[node], suspicion.incarnation == mine.incarnation else { return }
    introduceAgain(after: mine)
  }
}
