import RegistryCore

/// Claims that were dated ahead and whose time has come.
extension WriteTransaction {
  /// Makes them count. Nearly always a comparison of two numbers.
  mutating func settleDue() throws(RegistryError) {
    let fence = log.fence(wallClockMilliseconds: now)
    guard let first = log.waitsFrom, first < fence else { return }
    let names = try connection.all(
      """
      SELECT DISTINCT repository.id, repository.name, claim.kind, claim.key
      FROM waiting_claim
      JOIN claim ON claim.writer = waiting_claim.writer AND claim.sequence = waiting_claim.sequence
      JOIN repository ON repository.id = claim.repository
      WHERE waiting_claim.clock < ?1
      """,
      .integer(fence.rawValue)
    ) { row throws(RegistryError) in try row.knownName(from: 0) }
    let last = try connection.first(
      "SELECT clock FROM waiting_claim WHERE clock < ?1 ORDER BY clock DESC LIMIT 1", .integer(fence.rawValue)
    ) { HybridTime(rawValue: $0.integer(0)) }
    try connection.run("DELETE FROM waiting_claim WHERE clock < ?1", .integer(fence.rawValue))
    if let last { log.saw(last) }
    log.waitsFrom = try connection.waitsFrom()
    for name in names { try derive(name) }
  }

  /// When the next one is due, by the wall clock.
  var nextDue: HybridTime? {
    let correction = log.clockCorrection?.milliseconds ?? 0
    return log.waitsFrom.map {
      HybridTime(milliseconds: $0.milliseconds - NameRules.fenceMilliseconds - correction)
    }
  }

  mutating func correctClock(by milliseconds: Int64) throws(RegistryError) {
    let wall = clock.millisecondsSince1970
    log.clockCorrection = milliseconds == 0 ? nil : ClockCorrection(by: milliseconds, wallClockMilliseconds: wall)
    now = wall + milliseconds
    try settleDue()
  }
}

extension Row {
  /// repository's row and name, kind, key: four columns from `start`.
  func knownName(from start: Int32) throws(RegistryError) -> KnownName {
    KnownName(
      repository: KnownRepository(row: integer(start), name: try repositoryName(start + 1)),
      kind: ClaimKind(rawValue: integer(start + 2)), key: blob(start + 3))
  }
}
