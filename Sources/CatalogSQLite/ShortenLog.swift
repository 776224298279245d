import RegistryCore

extension SQLiteCatalog {
  /// Drops claims that lost long ago, so that the log does not grow with every push for ever. Changes the state of no
  /// name. Looks at everything, a few hundred names in each transaction: for the background, now and then.
  /// - Returns: how many were dropped.
  public func shortenLog(to retention: ClaimRetention = ClaimRetention()) async throws(RegistryError) -> Int {
    var dropped = 0
    var last: KnownName?
    while true {
      let after = last
      let names = try await readers.read { connection throws(RegistryError) in
        try connection.namesWithLosers(after: after, limit: Self.namesPerShortening)
      }
      guard let end = names.last else { return dropped }
      dropped += try await commits.write { transaction throws(RegistryError) in
        try transaction.shorten(names, to: retention)
      }
      last = end
    }
  }

  private static let namesPerShortening = 250
}

extension WriteTransaction {
  func shorten(_ names: [KnownName], to retention: ClaimRetention) throws(RegistryError) -> Int {
    // By the writers' rows: what a claim is kept under.
    var rows: [WriterID: Int64] = [:]
    for (row, writer) in try everyWriter() { rows[writer] = row }
    var lasts: [WriterID: Int64] = [:]
    var dropped = 0
    for name in names {
      let claims = try connection.candidates(for: name)
      for writer in Set(claims.map(\.writer)) where lasts[writer] == nil {
        lasts[writer] = try connection.lastSequence(of: writer)
      }
      let droppable = retention.droppable(
        claims, standing: try standing(name)?.candidate, kind: name.kind, now: now,
        mustStay: { $0.sequence == lasts[$0.writer] || isWaiting($0.clock) })
      for claim in droppable {
        guard let row = rows[claim.writer] else { throw .damaged("a writer vanished") }
        try connection.run(
          "DELETE FROM claim WHERE writer = ?1 AND sequence = ?2", .integer(row), .integer(claim.sequence))
      }
      dropped += droppable.count
    }
    return dropped
  }
}

extension Connection {
  /// Names that something may be dropped of: they have several claims, or are gone. Of kinds that this release reads.
  fileprivate func namesWithLosers(after last: KnownName?, limit: Int) throws(RegistryError) -> [KnownName] {
    try all(
      """
      SELECT repository.id, repository.name, kind, key FROM (
        SELECT repository, kind, key FROM claim
        WHERE (repository, kind, key) > (?1, ?2, ?3) AND kind IN (1, 2)
        GROUP BY repository, kind, key HAVING count(*) > 1 OR max(value IS NULL)
        ORDER BY repository, kind, key LIMIT ?4) AS named
      JOIN repository ON repository.id = named.repository
      ORDER BY named.repository, kind, key
      """,
      .integer(last?.repository.row ?? 0), .integer(last?.kind.rawValue ?? 0), .blob(last?.key ?? []),
      .integer(Int64(limit))
    ) { row throws(RegistryError) in try row.knownName(from: 0) }
  }

  /// All claims about a name, latest first.
  fileprivate func candidates(for name: KnownName) throws(RegistryError) -> [NameCandidate] {
    try all(
      """
      SELECT node, epoch, claim.sequence, claim.clock, claim.value IS NULL
      FROM claim JOIN writer ON writer.id = claim.writer
      WHERE claim.repository = ?1 AND claim.kind = ?2 AND claim.key = ?3 ORDER BY claim.clock DESC
      """,
      .integer(name.repository.row), .integer(name.kind.rawValue), .blob(name.key)
    ) { row throws(RegistryError) in
      NameCandidate(
        writer: try row.writer(from: 0), sequence: row.integer(2), clock: HybridTime(rawValue: row.integer(3)),
        isGone: row.integer(4) == 1)
    }
  }

  fileprivate func lastSequence(of writer: WriterID) throws(RegistryError) -> Int64? {
    try first(
      """
      SELECT max(sequence) FROM claim WHERE writer = (SELECT id FROM writer WHERE node = ?1 AND epoch = ?2)
      """,
      .blob(writer.node.bytes), .integer(writer.epoch)
    ) { $0.integer(0) }
  }
}
