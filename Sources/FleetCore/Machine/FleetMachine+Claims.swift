import RegistryCore

// Taking claims in.
extension FleetMachine {
  /// What of a run is new here, if it is as it should be.
  mutating func check(_ run: ClaimRun, from peer: NodeID) -> ClaimRun? {
    let (writer, tip) = (run.writer, tip(of: run.writer))
    guard directory.membership(of: writer.node) != nil, let last = run.claims.last?.body.sequence else { return nil }
    guard run.after <= tip.sequence else {
      pull([Want(writer: writer, after: tip.sequence)], targets: [writer: last], from: peer, begun: now.monotonic)
      return nil
    }
    if differs(run, from: tip) {
      hunt(writer, with: peer, at: tip.sequence)
      return nil
    }
    let limit = rules.limit(of: writer)
    let fresh = run.claims.filter { $0.body.sequence > tip.sequence && $0.body.sequence <= limit }
    guard let fresh = ClaimRun(after: tip.sequence, fresh) else { return nil }
    if let gap = youngGap(in: fresh) {
      shun(peer, for: .withheld(writer, after: gap))
      return nil
    }
    guard let fault = fresh.fault(after: tip, notary: memberNotary) else { return fresh }
    if case .forked(let after) = fault {
      hunt(writer, with: peer, at: after)
    } else {
      shun(peer, for: .claims(fault))
    }
    return nil
  }

  /// Whether a run has another claim than the one that is last here.
  private func differs(_ run: ClaimRun, from tip: ClaimHead) -> Bool {
    guard tip.sequence > run.after, let same = run.claims.first(where: { $0.body.sequence == tip.sequence }) else {
      return false
    }
    return memberNotary.hash(same.chainedBytes) != tip.hash
  }

  /// Behind which number claims are missing that no log drops so soon.
  private func youngGap(in run: ClaimRun) -> Int64? {
    var before = run.after
    for claim in run.claims {
      let isYoung = claim.body.clock.milliseconds > now.wall - FleetLimits.wholeLogMilliseconds
      if isYoung, claim.body.sequence != before + 1 { return before }
      before = claim.body.sequence
    }
    return nil
  }

  /// Hands checked runs to the ledger, and remembers where it will stand.
  mutating func admit(_ runs: [Store.Admitting], for fetch: Store.Fetch?) {
    guard !runs.isEmpty else { return }
    let notary = memberNotary
    for admitting in runs {
      guard let last = admitting.run.claims.last else { continue }
      let head = ClaimHead(sequence: last.body.sequence, hash: notary.hash(last.chainedBytes))
      coming[admitting.run.writer] = head
      if admitting.run.writer.node == node { lostClaimsCameBack(admitting.run) }
    }
    let token = nextToken()
    stores[token] = .admit(runs, fetch)
    effects.append(.admit(token, runs.map(\.run)))
  }

  mutating func wereAdmitted(_ token: FleetToken, _ admissions: [Admission?]) {
    guard case .admit(let runs, let fetch)? = stores.removeValue(forKey: token) else { return }
    var isProgress = false
    for (admitting, admission) in zip(runs, admissions) {
      if wasAdmitted(admitting, admission) { isProgress = true }
    }
    if let fetch { fetched(fetch, isProgress: isProgress) }
  }

  /// - Returns: whether something was new.
  private mutating func wasAdmitted(_ admitting: Store.Admitting, _ admission: Admission?) -> Bool {
    let writer = admitting.run.writer
    switch admission {
    case .admitted(let head, let added):
      moveHead(of: writer, to: head)
      forward(admitting, added: added)
      return added > 0
    case .gap(let head):
      (coming[writer], heads[writer]) = (nil, head)
    case .forked(let at):
      coming[writer] = nil
      hunt(writer, with: admitting.peer, at: at)
    case nil:
      coming[writer] = nil
    }
    return false
  }

  private mutating func moveHead(of writer: WriterID, to head: ClaimHead) {
    if head.sequence >= coming[writer]?.sequence ?? 0 { coming[writer] = nil }
    guard head.sequence > heads[writer]?.sequence ?? 0 else { return }
    heads[writer] = head
    cutLog(of: writer)
  }

  private mutating func forward(_ admitting: Store.Admitting, added: Int) {
    let fresh = Array(admitting.run.claims.suffix(added))
    guard 1...FleetLimits.rumourClaims ~= added, let first = fresh.first,
      let run = ClaimRun(after: first.body.sequence - 1, fresh)
    else { return }
    rumours.add(run, hops: admitting.hops)
  }
}

// What counts of each log.
extension FleetMachine {
  /// Reads anew what the directory says of names.
  mutating func applyRules(isFirst: Bool) {
    let rules = directory.nameRules
    guard isFirst || rules != self.rules else { return }
    self.rules = rules
    effects.append(.apply(rules))
    for writer in heads.writers { cutLog(of: writer) }
  }

  /// Compares a log only as far as it counts.
  mutating func cutLog(of writer: WriterID) {
    guard let head = heads[writer] else { return }
    let limit = rules.limit(of: writer)
    guard head.sequence > limit else { return heads.uncut(writer) }
    guard heads.isToBeCut(writer, at: limit) else { return }
    heads.cut(writer, at: limit, nil)
    guard limit > 0 else { return }
    read([Want(writer: writer, after: limit - 1)], byteLimit: 1, for: .cut(writer, at: limit))
  }

  mutating func wasCut(_ writer: WriterID, at limit: Int64, _ run: ClaimRun?) {
    guard limit == rules.limit(of: writer), let claim = run?.claims.first, claim.body.sequence == limit else { return }
    heads.cut(writer, at: limit, ClaimHead(sequence: limit, hash: memberNotary.hash(claim.chainedBytes)))
  }
}
