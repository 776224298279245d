import RegistryCore

// Numbers that were used twice, and how this node keeps from it.
extension FleetMachine {
  mutating func hunt(_ writer: WriterID, with peer: NodeID, at sequence: Int64) {
    guard hunts[writer] == nil, hunts.count < FleetLimits.forkHunts, sequence > 0,
      sequence <= rules.limit(of: writer)
    else { return }
    hunts[writer] = ForkHunt(writer: writer, peer: peer, at: sequence)
    look(writer)
  }

  private mutating func look(_ writer: WriterID) {
    guard let hunt = hunts[writer] else { return }
    let want = Want(writer: writer, after: hunt.after)
    guard ask(hunt.peer, .pull([want]), for: .hunt(writer)) else {
      hunts[writer] = nil
      return
    }
    read([want], for: .hunt(writer))
  }

  mutating func huntRead(_ writer: WriterID, mine run: ClaimRun?) { step(writer, hunts[writer]?.read(mine: run)) }

  mutating func huntRead(_ writer: WriterID, theirs run: ClaimRun?) { step(writer, hunts[writer]?.read(theirs: run)) }

  private mutating func step(_ writer: WriterID, _ step: ForkHunt.Step?) {
    switch step {
    case nil, .wait: break
    case .look: look(writer)
    case .lost: hunts[writer] = nil
    case .found(let proof):
      let peer = hunts.removeValue(forKey: writer)?.peer
      takeNews(DirectoryNews(forks: [proof]), cards: [], from: peer)
    }
  }

  /// A proof stands from now on.
  /// - Parameter before: how far the writer's log counted until now.
  mutating func wasProven(_ proof: ForkProof, before: Int64) {
    effects.append(.noticed(.forked(proof.writer, at: proof.sequence)))
    guard proof.writer.node == node, proof.sequence <= before else { return }
    beginEpoch(restating: ClaimStretch(writer: proof.writer, after: proof.sequence - 1, through: before))
  }

  mutating func beginEpoch(restating: ClaimStretch?) {
    guard restating != nil || !isBeginningEpoch else { return }
    isBeginningEpoch = true
    // Who has lost a disk does not know how many epochs it has had, and nobody who tells has to be believed: but none of
    // them began in this second.
    effects.append(.beginEpoch(above: max(writer.epoch, now.wall / 1000), restating: restating))
  }

  mutating func began(_ writer: WriterID) {
    guard writer.node == node else { return }
    self.writer = writer
    (isBeginningEpoch, aheadSearch) = (false, nil)
  }

  mutating func askForOwnHeads() {
    guard directory.members.count > 1, directory.isMember(node) else { return }
    let peers = peers(FleetLimits.epochPeers)
    let clocks = peers.prefix(FleetLimits.clockPeers)
    settling = EpochQuestion(asked: peers.count, clocks: clocks.count, now: now.monotonic)
    for peer in peers { ask(peer, .ownHeads, for: .ownHeads) }
    for peer in clocks { ask(peer, .exchange(greeting), for: .clock) }
  }

  /// What a member has of this node. Whatever it has more comes back.
  mutating func takeOwnHeads(_ heads: [WriterHead], from peer: NodeID) {
    let own = heads.filter { $0.writer.node == node }
    if own.contains(where: isAhead) { settling?.isBehind = true }
    takeDifferences(own, from: peer, begun: .min)
    settling?.answered()
    settleIfOver()
  }

  private func isAhead(_ head: WriterHead) -> Bool {
    guard head.writer.epoch >= writer.epoch else { return false }
    return head.writer.epoch > writer.epoch || head.sequence > tip(of: writer).sequence
  }

  mutating func settleIfOver() {
    if settling?.isOver == true { settle() }
  }

  mutating func settle() {
    guard let question = settling else { return }
    settling = nil
    if question.isBehind { effects.append(.noticed(.restored(writer))) }
    if question.needsNewEpoch { beginEpoch(restating: nil) }
  }

  /// A member brought claims that this node wrote and does not have: an old disk. Its next number may be in use.
  mutating func lostClaimsCameBack(_ run: ClaimRun) {
    guard run.writer.epoch >= writer.epoch, settling == nil, !isBeginningEpoch else { return }
    effects.append(.noticed(.restored(run.writer)))
    beginEpoch(restating: nil)
  }
}
