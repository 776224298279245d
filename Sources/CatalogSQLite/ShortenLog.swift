import RegistryCore

/// A little in each transaction and in each question, so that whoever pushes or pulls meanwhile waits for one of them at
/// most.
extension SQLiteCatalog: LogShortening {
  public func shortenLog(
    to retention: ClaimRetention = ClaimRetention(), forgetting: Forgettable = .all
  ) async throws(RegistryError) -> ShortenedLog {
    var log = ShortenedLog()
    var last: KnownName?
    while !Task.isCancelled {
      let (after, now) = (last, author.clock.millisecondsSince1970)
      let page = try await readers.read { connection throws(RegistryError) in
        try connection.names(after: after, limit: Self.namesPerQuestion, retention, now: now)
      }
      guard let end = page.last else { return log }
      var names = page.filter(\.mayHaveLosers).map(\.name)[...]
      while !names.isEmpty, !Task.isCancelled {
        let these = Array(names.prefix(Self.namesPerShortening))
        let done = try await commits.write { transaction throws(RegistryError) in
          try transaction.shorten(these, to: retention, forgetting, atMost: Self.claimsPerShortening)
        }
        log.dropped += done.dropped
        for claim in done.lone { log.note(lone: claim) }
        // A name that has more to drop than one transaction does is looked at again.
        names = names.dropFirst(done.names)
      }
      last = end.name
    }
    throw RegistryError(.unavailable, "the node is stopping")
  }

  private static let namesPerQuestion = 500
  private static let namesPerShortening = 100
  /// Whoever writes meanwhile waits for one such transaction and its COMMIT.
  private static let claimsPerShortening = 80
}

/// How far a transaction came.
struct Shortened: Sendable {
  var dropped = 0
  /// So many names, of those that it was given, have nothing more to drop.
  var names = 0
  var lone: [NameCandidate] = []
}

extension WriteTransaction {
  func shorten(
    _ names: [KnownName], to retention: ClaimRetention, _ forgetting: Forgettable, atMost limit: Int
  ) throws(RegistryError) -> Shortened {
    var writers: [WriterID: WriterEnd] = [:]
    var done = Shortened()
    for name in names {
      let claims = try connection.candidates(for: name)
      var needed: Set<NameCandidate> = []
      for claim in claims where try isNeeded(claim, &writers) { needed.insert(claim) }
      if let kept = rules.lastBeforeImmutable(among: claims, kind: name.kind, in: name.repository.name) {
        needed.insert(kept)
      }
      let standing = try standing(name)?.candidate
      var droppable = retention.droppable(
        claims, standing: standing, kind: name.kind, now: now, mustStay: { needed.contains($0) })
      if let standing, retention.isLone(standing, among: claims, now: now, mustStay: { needed.contains($0) }) {
        if forgetting.contains(standing) { droppable = [standing] } else { done.lone.append(standing) }
      }
      let room = limit - done.dropped
      for claim in droppable.prefix(room) {
        guard let row = writers[claim.writer]?.row else { throw .damaged("a writer vanished") }
        try connection.run(
          "DELETE FROM claim WHERE writer = ?1 AND sequence = ?2", .integer(row), .integer(claim.sequence))
      }
      done.dropped += min(room, droppable.count)
      if droppable.count > room { break }
      done.names += 1
    }
    return done
  }

  private struct WriterEnd {
    let row: Int64
    let last: Int64
  }

  private func end(of writer: WriterID, _ known: inout [WriterID: WriterEnd]) throws(RegistryError) -> WriterEnd {
    if let end = known[writer] { return end }
    guard let row = try connection.writerRow(writer) else { throw .damaged("a writer vanished") }
    let last = try connection.first("SELECT max(sequence) FROM claim WHERE writer = ?1", .integer(row)) {
      $0.integer(0)
    }
    let end = WriterEnd(row: row, last: last ?? 0)
    known[writer] = end
    return end
  }

  /// Whether the log could not be compared, continued or checked without it.
  private func isNeeded(
    _ claim: NameCandidate, _ writers: inout [WriterID: WriterEnd]
  ) throws(RegistryError) -> Bool {
    let writer = try end(of: claim.writer, &writers)
    if claim.sequence == writer.last || claim.sequence == rules.limit(of: claim.writer) || isWaiting(claim.clock) {
      return true
    }
    let young = HybridTime(milliseconds: now - ClaimRetention.wholeMilliseconds)
    if claim.clock >= young { return true }
    let next = try connection.first(
      "SELECT clock FROM claim WHERE writer = ?1 AND sequence = ?2", .integer(writer.row), .integer(claim.sequence + 1)
    ) { HybridTime(rawValue: $0.integer(0)) }
    return next.map { $0 >= young } ?? false
  }
}

extension Connection {
  /// The next names of kinds that this release reads, and of which something may be dropped: they have old claims, and
  /// either more of them than are kept for good, or among them that the name is gone.
  fileprivate func names(
    after last: KnownName?, limit: Int, _ retention: ClaimRetention, now: Int64
  ) throws(RegistryError) -> [(name: KnownName, mayHaveLosers: Bool)] {
    let losers = HybridTime(milliseconds: retention.losersHorizon(now: now))
    let tombstones = HybridTime(milliseconds: retention.tombstonesHorizon(now: now))
    return try all(
      """
      SELECT repository.id, repository.name, kind, key, mayHaveLosers FROM (
        SELECT repository, kind, key,
          min(clock) < ?5 AND (
            count(*) > iif(kind = 2, max(1, ?6), 1) OR max(value IS NULL) AND (count(*) > 1 OR min(clock) < ?7))
          AS mayHaveLosers
        FROM claim WHERE (repository, kind, key) > (?1, ?2, ?3) AND kind IN (1, 2)
        GROUP BY repository, kind, key ORDER BY repository, kind, key LIMIT ?4) AS named
      JOIN repository ON repository.id = named.repository
      ORDER BY named.repository, kind, key
      """,
      .integer(last?.repository.row ?? 0), .integer(last?.kind.rawValue ?? 0), .blob(last?.key ?? []),
      .integer(Int64(limit)), .integer(losers.rawValue), .integer(Int64(retention.tagEntries)),
      .integer(tombstones.rawValue)
    ) { row throws(RegistryError) in (try row.knownName(from: 0), row.integer(4) == 1) }
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
}
