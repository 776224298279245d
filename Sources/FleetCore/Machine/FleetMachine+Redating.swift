import RegistryCore

// What this node said while its clock was far ahead and nobody told it so: alone, or in the moment after its start. To the
// others that is not due yet, and neither is what it says next, as the clocks of a log rise.
extension FleetMachine {
  /// As soon as others say that the clock here is right: looks whether the last claim of this node's log is dated so far
  /// ahead that they make it wait.
  mutating func watchOwnClock() {
    let (knows, knew) = (knowsTheTime, knewTheTime)
    knewTheTime = knows
    guard knows, !knew, let head = heads[writer] else { return }
    read([Want(writer: writer, after: head.sequence - 1)], byteLimit: 1, for: .ownEnd)
  }

  mutating func noticeOwnClock(_ last: SignedClaim?) {
    // Of this very moment: the clock may have been set, wrongly, since the last input.
    clock = offsets.reading(at: now)
    let horizon = now.wall + NameRules.fenceMilliseconds + FleetLimits.clockOffMilliseconds
    guard let last, last.body.writer == writer, last.body.clock.milliseconds > horizon, aheadSearch == nil,
      knowsTheTime, !isBeginningEpoch
    else { return }
    aheadSearch = AheadSearch(last, horizon: now.wall + NameRules.fenceMilliseconds)
    searchAhead()
  }

  mutating func readAhead(_ claim: SignedClaim?) {
    guard let claim, claim.body.writer == aheadSearch?.writer else {
      aheadSearch = nil
      return
    }
    aheadSearch?.read(claim)
    searchAhead()
  }

  private mutating func searchAhead() {
    guard let search = aheadSearch else { return }
    switch search.step {
    case .look(let after): read([Want(writer: search.writer, after: after)], byteLimit: 1, for: .ahead)
    case .found(let claim):
      aheadSearch = nil
      takeBack(claim)
    }
  }

  /// Makes the log end before a claim: this node itself proves that the number was used twice, so that what it said from
  /// there on counts nowhere. It says that again under a new epoch, dated now.
  private mutating func takeBack(_ claim: SignedClaim) {
    let body = claim.body
    let contrary = SignedClaim.Body(
      writer: body.writer, sequence: body.sequence, clock: body.clock, kind: body.kind, repository: body.repository,
      key: body.key, value: body.value == nil ? [0] : nil, previous: body.previous)
    guard body.writer == writer, let other = SignedClaim(contrary, signature: notary.sign(contrary.signedBytes)),
      let proof = ForkProof(claim, other)
    else { return }
    effects.append(.noticed(.redated(body.writer, from: body.sequence)))
    takeNews(DirectoryNews(forks: [proof]), cards: [], from: nil)
  }

  /// It may write, and others say that its clock is right, and not one among several.
  private var knowsTheTime: Bool {
    guard gate == .open, let clock, !clock.isOff else { return false }
    let others = directory.members.count - 1
    return others == 1 || clock.isAgreed(among: others)
  }
}
