import RegistryCore

/// Claims from before claims were signed. No other node ever read them: whatever key the node had then, they are its own,
/// and are signed and chained as its log from the first on, in the order of their clocks.
enum OldClaims {
  private static let claimsPerPage: Int64 = 1_000

  /// In the transaction of the migration that set them aside. 50,000 take some seconds.
  static func sign(on connection: Connection, by author: Authorship) throws(RegistryError) {
    var page = try page(after: nil, on: connection)
    guard !page.isEmpty else { return try connection.execute("DROP TABLE unsigned_claim") }
    var log = try LogEnd(author, on: connection)
    while let last = page.last {
      for old in page {
        let value = try carriable(old, on: connection)
        let claim = log.append(old.name, value: value, at: old.clock, notary: author.notary)
        try connection.insert(claim, writer: log.row, repository: old.repository)
      }
      page = try self.page(after: last, on: connection)
    }
    try connection.execute("DROP TABLE unsigned_claim")
    try connection.run("DELETE FROM writer WHERE id <> ?1", .integer(log.row))
  }

  private struct OldClaim {
    let clock: HybridTime
    let writer: Int64
    let sequence: Int64
    let repository: Int64
    let name: ClaimedName
    let value: [UInt8]?
  }

  private static func page(after last: OldClaim?, on connection: Connection) throws(RegistryError) -> [OldClaim] {
    try connection.all(
      """
      SELECT clock, writer, sequence, repository, repository.name, kind, key, value
      FROM unsigned_claim JOIN repository ON repository.id = repository
      WHERE (clock, writer, sequence) > (?1, ?2, ?3) ORDER BY clock, writer, sequence LIMIT ?4
      """,
      .integer(last?.clock.rawValue ?? 0), .integer(last?.writer ?? 0), .integer(last?.sequence ?? 0),
      .integer(claimsPerPage)
    ) { row throws(RegistryError) in
      OldClaim(
        clock: HybridTime(rawValue: row.integer(0)), writer: row.integer(1), sequence: row.integer(2),
        repository: row.integer(3),
        name: try row.claimedName(from: 4), value: row.blobOrNil(7))
    }
  }

  /// The value as a claim can carry it: an artifact's type had no bound then. One that is longer than any media type is
  /// left out, of the claim and of the state.
  private static func carriable(_ old: OldClaim, on connection: Connection) throws(RegistryError) -> [UInt8]? {
    guard let statement = Claim.Statement(old.name, value: old.value) else { throw .damaged("a claim does not parse") }
    guard case .manifest(let repository, let digest, .present(let facts)) = statement, !facts.fitsAClaim else {
      return old.value
    }
    try connection.run(
      "UPDATE manifest SET artifact_type = NULL WHERE repository = ?1 AND digest = ?2", .integer(old.repository),
      .blob(digest.column))
    let bare = ManifestFacts(
      mediaType: facts.mediaType, size: facts.size, subject: facts.subject, artifactType: nil)
    return Claim.Statement.manifest(repository, digest, .present(bare)).value
  }
}

extension ManifestFacts {
  fileprivate var fitsAClaim: Bool { (artifactType?.utf8.count ?? 0) <= Self.artifactTypeByteLimit }
}
