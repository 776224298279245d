import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

private let clauses =
  NamesContract.clauses + CatalogueContract.clauses + ContentContract.clauses + TicketsContract.clauses
  + TorrentWishesContract.clauses

@Suite struct ContractTests {
  @Test(arguments: clauses) func sqliteKeepsTheContract(_ clause: CatalogClause) async throws {
    try await withCatalog { try await clause.check($0) }
  }

  @Test(arguments: clauses) func sqliteKeepsTheContractWithoutItsCaches(_ clause: CatalogClause) async throws {
    try await withCatalog(limits: .none) { try await clause.check($0) }
  }

  @Test(arguments: UnreadManifestsContract.clauses) func sqliteKnowsWhatItHasNotRead(
    _ clause: StoreClause<HearingCatalog>
  ) async throws {
    try await withCatalog(clock: HeldClock(milliseconds: 10_000)) { catalog in
      let scribe = Lock(Scribe(9))
      try await clause.check(
        HearingCatalog(catalog) { statement in
          let run = scribe.withLock { scribe in
            let last = scribe.claims.last
            scribe.say(statement, at: HybridTime(milliseconds: 1_000 + (last?.body.sequence ?? 0)))
            return scribe.run(after: last?.body.sequence ?? 0)
          }
          _ = try await catalog.admit(try #require(run))
        })
    }
  }

  @Test(arguments: UnreadManifestsContract.clauses) func theMemoryFakeKnowsWhatItHasNotRead(
    _ clause: StoreClause<HearingCatalog>
  ) async throws {
    let catalog = MemoryCatalog(node: .test(), clock: HeldClock())
    try await clause.check(
      HearingCatalog(catalog) { statement in
        guard case .manifest(let repository, let digest, let state) = statement else { return }
        if case .present(let facts) = state {
          catalog.hear(of: digest, facts, tag: nil, in: repository)
        } else {
          catalog.hear(thatWent: digest, from: repository)
        }
      })
  }

  @Test(arguments: ClaimLedgerContract.clauses) func sqliteKeepsTheLedger(_ clause: LedgerClause) async throws {
    try await withLedger { try await clause.check($0) }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8])
  func claimsAndRulesInAnyOrderEndInTheSameState(_ fixed: UInt64) async throws {
    // The first seeds are fixed; the last one is new each time.
    let seed = fixed == 8 ? UInt64.random(in: 9...UInt64.max) : fixed
    print("ledger walk, seed \(seed)")
    try await withLedger { try await ClaimLedgerContract.anyOrder(seed: seed).check($0) }
  }

  @Test(arguments: HeldBlobsContract.clauses) func sqliteTellsWhatIsHeld(
    _ clause: StoreClause<any HeldBlobsContract.Subject>
  ) async throws {
    try await withCatalog { try await clause.check($0) }
  }

  @Test(arguments: HeldBlobsContract.clauses) func theMemoryFakeTellsWhatIsHeld(
    _ clause: StoreClause<any HeldBlobsContract.Subject>
  ) async throws {
    try await clause.check(MemoryCatalog(node: .test(), clock: HeldClock()))
  }

  @Test(arguments: KeptImagesContract.clauses) func sqliteRemembersWhatIsKept(
    _ clause: StoreClause<any KeptImagesContract.Subject>
  ) async throws {
    try await withCatalog { try await clause.check($0) }
  }

  @Test(arguments: KeptImagesContract.clauses) func theMemoryFakeRemembersWhatIsKept(
    _ clause: StoreClause<any KeptImagesContract.Subject>
  ) async throws {
    try await clause.check(MemoryCatalog(node: .test(), clock: HeldClock()))
  }

  @Test(arguments: StatementsContract.clauses) func sqliteKeepsStatements(
    _ clause: StoreClause<any Statements>
  ) async throws {
    try await withCatalog { try await clause.check($0) }
  }

  @Test(arguments: StatementsContract.clauses) func theMemoryFakeKeepsStatements(
    _ clause: StoreClause<any Statements>
  ) async throws {
    try await clause.check(MemoryStatements())
  }

  @Test(arguments: clauses) func theMemoryFakeKeepsTheContract(_ clause: CatalogClause) async throws {
    try await clause.check(MemoryCatalog(node: .test(), clock: HeldClock()))
  }
}

private func withLedger(_ body: (LedgerSubject) async throws -> Void) async throws {
  let clock = HeldClock()
  try await withCatalog(clock: clock) { catalog in
    let subject = LedgerSubject(
      ledger: catalog, node: .test(), claim: { try await catalog.say($0) },
      standing: { try await catalog.standing($0) }, now: { clock.millisecondsSince1970 },
      moveClock: { clock.move(byMilliseconds: $0) })
    try await body(subject)
  }
}

extension SQLiteCatalog {
  /// A claim of the node's own, whatever it needs.
  func say(_ statement: Claim.Statement) async throws {
    try await commits.write { transaction throws(RegistryError) in
      let repository = try transaction.repositoryOrNew(statement.repository)
      try transaction.claim(statement, in: repository)
    }
  }

  /// What the state says of a name, spelled as a claim's value.
  func standing(_ name: ClaimedName) async throws -> [UInt8]? {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(name.repository) else { return nil }
      switch name.kind {
      case .tag:
        return try connection.first(
          "SELECT digest FROM tag WHERE repository = ?1 AND name = CAST(?2 AS TEXT)", .integer(row), .blob(name.key)
        ) { $0.blob(0) }
      case .manifest:
        guard let digest = Digest(multihash: name.key) else { return nil }
        return try connection.first(
          """
          SELECT media_type, size, subject, artifact_type FROM manifest WHERE repository = ?1 AND digest = ?2
          """,
          .integer(row), .blob(name.key)
        ) { row throws(RegistryError) in
          Claim.Statement.manifest(name.repository, digest, .present(try row.facts(from: 0))).value
        } ?? nil
      default: return nil
      }
    }
  }
}
