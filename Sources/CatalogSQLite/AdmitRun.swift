import RegistryCore

/// Claims of a writer that come from elsewhere. Their signatures and their chain are known to be good.
extension WriteTransaction {
  mutating func admit(_ run: ClaimRun) throws(RegistryError) -> Admission {
    let known = try connection.writerRow(run.writer)
    let last = try known.flatMap { row throws(RegistryError) in try connection.lastClaim(of: row) }
    let head = last.map { ClaimHead($0, notary) } ?? notary.root(of: run.writer, in: log.fleet)
    guard run.after <= head.sequence else { return .gap(head) }
    if let known, let number = try forkedNumber(in: run, row: known, upTo: head.sequence) {
      return .forked(at: number)
    }
    // What was here once and was dropped is not taken in again: it had lost.
    let new = run.claims.drop { $0.body.sequence <= head.sequence }
    guard let first = new.first?.body, let end = new.last else { return .admitted(head, added: 0) }
    if first.sequence == head.sequence + 1, first.previous != head.hash { return .forked(at: head.sequence) }
    if let last, first.clock <= last.body.clock {
      throw RegistryError(
        .denied, "a member's clock runs backwards in its own log",
        cause: "\(run.writer.node) epoch \(run.writer.epoch), claim \(first.sequence)")
    }
    return .admitted(try takeIn(new, endingAt: end), added: new.count)
  }

  /// The first claim of the run that is not the one that is here under its number.
  private func forkedNumber(in run: ClaimRun, row: Int64, upTo last: Int64) throws(RegistryError) -> Int64? {
    for claim in run.claims.prefix(while: { $0.body.sequence <= last }) {
      let here = try connection.claim(of: run.writer, row: row, sequence: claim.body.sequence)
      if let here, here != claim { return claim.body.sequence }
    }
    return nil
  }

  /// Every name is derived once, however often the run speaks of it.
  private mutating func takeIn(
    _ claims: ArraySlice<SignedClaim>, endingAt last: SignedClaim
  ) throws(RegistryError) -> ClaimHead {
    let writer = last.body.writer
    let row = try connection.writerRowOrNew(writer, isOwn: writer.node == log.writer.node)
    let fence = log.fence(wallClockMilliseconds: now)
    var repositories: [RepositoryName: KnownRepository] = [:]
    var concerned: Set<KnownName> = []
    for claim in claims {
      let repository = try known(claim.body.repository, in: &repositories)
      try connection.insert(claim, writer: row, repository: repository.row)
      if claim.body.clock >= fence {
        try wait(for: claim.body, of: row)
      } else {
        log.saw(claim.body.clock)
        concerned.insert(KnownName(repository: repository, kind: claim.body.kind, key: claim.body.key))
      }
    }
    for name in concerned { try derive(name) }
    let head = ClaimHead(last, notary)
    if row == log.row { log.end(at: last, hash: head.hash) }
    return head
  }

  private func known(
    _ name: RepositoryName, in repositories: inout [RepositoryName: KnownRepository]
  ) throws(RegistryError) -> KnownRepository {
    if let known = repositories[name] { return known }
    let repository = try repositoryOrNew(name)
    repositories[name] = repository
    return repository
  }

  /// The claim is here and is handed on, and does not count yet.
  mutating func wait(for claim: SignedClaim.Body, of row: Int64) throws(RegistryError) {
    try connection.run(
      "INSERT INTO waiting_claim (clock, writer, sequence) VALUES (?1, ?2, ?3)", .integer(claim.clock.rawValue),
      .integer(row), .integer(claim.sequence))
    log.waitsFrom = min(log.waitsFrom ?? claim.clock, claim.clock)
  }
}

extension ClaimHead {
  init(_ claim: SignedClaim, _ notary: any ClaimNotary) {
    self.init(sequence: claim.body.sequence, hash: notary.hash(claim.chainedBytes))
  }
}
