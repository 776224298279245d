import RegistryCore

/// This node's log, written again as the log of another fleet.
extension WriteTransaction {
  /// In the one transaction that it is called in, in memory for some hundred claims at a time. Nearly all of it is
  /// signing: 100,000 claims take six seconds on a quiet core, and whoever writes waits for them.
  mutating func rebase(
    onto fleet: FleetID, restating restated: Set<ClaimedName>, dropping dropped: Set<ClaimedName>
  ) throws(RegistryError) -> WriterID {
    let words = try wordsThatStand(on: restated.subtracting(dropped))
    // What only this node speaks of says the same afterwards, under the same clock, and need not be derived anew.
    try noteWhatChanges(dropping: dropped)
    var old = try OwnLog(on: connection)
    try connection.run("DELETE FROM waiting_claim")
    log.waitsFrom = nil
    try beginEpoch(in: fleet, clock: HybridTime(rawValue: 0))

    while let entry = try old.next(on: connection) {
      let body = entry.claim.body
      guard !dropped.contains(body.name), body.sequence <= rules.limit(of: body.writer) else { continue }
      try carry(body, to: entry.repository)
    }
    for (name, word) in words {
      let claim = log.append(
        name, value: word.value, wallClockMilliseconds: clock.millisecondsSince1970, notary: notary)
      try connection.insert(claim, writer: log.row, repository: word.repository)
      try note(name)
    }
    try connection.run("DELETE FROM claim WHERE writer <> ?1", .integer(log.row))
    try connection.run("DELETE FROM writer WHERE id <> ?1", .integer(log.row))
    while try deriveStale(limit: SQLiteCatalog.namesPerTransaction) { touched.manifests = [] }
    touched.everyManifest = true
    return log.writer
  }

  private typealias StandingWord = (name: ClaimedName, word: (value: [UInt8]?, repository: Int64))

  private func wordsThatStand(on names: Set<ClaimedName>) throws(RegistryError) -> [StandingWord] {
    var words: [StandingWord] = []
    for name in names.sorted(by: Self.precedes) {
      guard let repository = try repository(name.repository),
        let standing = try standing(KnownName(repository: repository, kind: name.kind, key: name.key))
      else { continue }
      words.append((name, (standing.statement.value, repository.row)))
    }
    return words
  }

  /// The same words under the same clock, unless the clocks of two epochs cross, or this node's was far ahead when it said
  /// them: then they are dated now, and do not wait for their time.
  mutating func carry(_ body: SignedClaim.Body, to repository: Int64) throws(RegistryError) {
    let isAhead = body.clock.milliseconds > now + NameRules.fenceMilliseconds
    let time = isAhead ? HybridTime(milliseconds: now) : body.clock
    let claim = log.append(body.name, value: body.value, at: time, notary: notary)
    try connection.insert(claim, writer: log.row, repository: repository)
    log.saw(claim.body.clock)
    if claim.body.clock != body.clock { try note(body.name) }
  }

  private func noteWhatChanges(dropping dropped: Set<ClaimedName>) throws(RegistryError) {
    for name in dropped { try note(name) }
    let foreign = try connection.all("SELECT id FROM writer WHERE is_own = 0") { $0.integer(0) }
    for row in foreign { try noteNames(ofWriter: row, after: 0) }
  }

  private static func precedes(_ left: ClaimedName, _ right: ClaimedName) -> Bool {
    if left.repository != right.repository { return left.repository < right.repository }
    if left.kind != right.kind { return left.kind.rawValue < right.kind.rawValue }
    return left.key.lexicographicallyPrecedes(right.key)
  }
}
