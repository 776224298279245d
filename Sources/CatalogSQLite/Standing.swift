import RegistryCore

/// The claim that says what a name stands for, read.
struct Standing {
  let candidate: NameCandidate
  let statement: Claim.Statement
}

/// A name of a repository that has its row.
struct KnownName: Hashable {
  let repository: KnownRepository
  let kind: ClaimKind
  let key: [UInt8]

  var claimed: ClaimedName { ClaimedName(repository: repository.name, kind: kind, key: key) }

  static func manifest(_ digest: Digest, in repository: KnownRepository) -> KnownName {
    KnownName(repository: repository, kind: .manifest, key: digest.multihash)
  }
}

extension WriteTransaction {
  /// Which of the claims about a name decides. `nil`: none that counts.
  ///
  /// What counts and what wins is said by `NameRules.winner` alone. Here is only how far it must look: past what does not
  /// count, until every claim with the clock of one that does has been seen. So however long a name's history is, its
  /// state costs a claim or two.
  func standing(_ name: KnownName) throws(RegistryError) -> Standing? {
    guard let since = rules.immutableSince(of: name) else { return try best(of: name, .before(.latest)) }
    let before = try best(of: name, .before(since))
    if let before, !before.candidate.isGone { return before }
    return try best(of: name, .from(since)) ?? before
  }

  /// Among the claims of before a time, or since then.
  private func best(of name: KnownName, _ part: Part) throws(RegistryError) -> Standing? {
    var best: Standing?
    try eachClaim(about: name, part) { candidate, value throws(RegistryError) in
      if let best, best.candidate.clock != candidate.clock { return false }
      guard !isWaiting(candidate.clock), let statement = Claim.Statement(name.claimed, value: value) else {
        return true
      }
      let rivals = [best?.candidate, candidate].compactMap { $0 }
      if winner(among: rivals, of: name) == candidate {
        best = Standing(candidate: candidate, statement: statement)
      }
      return true
    }
    return best
  }

  /// Whether a claim that this node has just written decides. It is dated after all that counts, so that only the rules
  /// can speak against it; only where these keep the first one does it take a look at the log.
  func stands(_ own: NameCandidate, for name: KnownName) throws(RegistryError) -> Bool {
    if rules.immutableSince(of: name) != nil { return try standing(name)?.candidate == own }
    return winner(among: [own], of: name) != nil
  }

  /// The fence is kept by `waiting_claim`, which does not forget when the wall clock is set back: the rules are asked as
  /// of a time when all is due.
  private func winner(among claims: [NameCandidate], of name: KnownName) -> NameCandidate? {
    rules.winner(
      among: claims, kind: name.kind, in: name.repository.name, now: .max - NameRules.fenceMilliseconds)
  }

  func isWaiting(_ clock: HybridTime) -> Bool { log.waitsFrom.map { $0 <= clock } ?? false }

  private enum Part {
    /// The latest first.
    case before(HybridTime)
    /// The earliest first.
    case from(HybridTime)
  }

  private func eachClaim(
    about name: KnownName, _ part: Part,
    body: (NameCandidate, [UInt8]?) throws(RegistryError) -> Bool
  ) throws(RegistryError) {
    let key: [SQLValue] = [.integer(name.repository.row), .integer(name.kind.rawValue), .blob(name.key)]
    let read: (Row) throws(RegistryError) -> Bool = { row throws(RegistryError) in
      let candidate = NameCandidate(
        writer: try row.writer(from: 0), sequence: row.integer(2), clock: HybridTime(rawValue: row.integer(3)),
        isGone: row.isNull(4))
      return try body(candidate, row.blobOrNil(4))
    }
    switch part {
    case .from(let time):
      try connection.walk(
        """
        SELECT node, epoch, claim.sequence, claim.clock, claim.value
        FROM claim JOIN writer ON writer.id = claim.writer
        WHERE claim.repository = ?1 AND claim.kind = ?2 AND claim.key = ?3 AND claim.clock >= ?4
        ORDER BY claim.clock
        """, key + [.integer(time.rawValue)], body: read)
    case .before(let time):
      try connection.walk(
        """
        SELECT node, epoch, claim.sequence, claim.clock, claim.value
        FROM claim JOIN writer ON writer.id = claim.writer
        WHERE claim.repository = ?1 AND claim.kind = ?2 AND claim.key = ?3 AND claim.clock < ?4
        ORDER BY claim.clock DESC
        """, key + [.integer(time.rawValue)], body: read)
    }
  }
}

extension NameRules {
  fileprivate func immutableSince(of name: KnownName) -> HybridTime? {
    name.kind == .tag ? immutableSince(in: name.repository.name) : nil
  }
}

extension HybridTime {
  fileprivate static let latest = HybridTime(rawValue: .max)
}
