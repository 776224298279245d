import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// What facts of torrents cost, told by the statements that SQLite ran, and what becomes of old ones.
@Suite struct TorrentFactsTests {
  let name: RepositoryName
  let bytes = seededBytes(200_000, seed: 1)
  let entry: TicketEntry

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    let ticket = try #require(SwarmTicket.hashing(bytes, as: .hashing(bytes)))
    entry = TicketEntry(ticket: ticket, infoHash: InfoHash(version: .v2, bytes: Digest.of("info").hash))
  }

  private var blob: StoredBlob { StoredBlob(digest: entry.ticket.digest, size: entry.ticket.size) }

  @Test func aLinkAndItsTicketAreOneTransaction() async throws {
    let log = StatementLog()
    try await withCatalog(trace: log.trace) { catalog in
      log.clear()
      try await catalog.link(blob, ticket: entry, to: name)
      #expect(log.all.filter { $0 == "COMMIT" }.count == 1)
      #expect(try await catalog.ticket(of: blob.digest) == entry.ticket)
    }
  }

  /// A commit of which no page changed syncs nothing: the log file does not grow.
  @Test func aSecondPushWritesNothing() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(blob, ticket: entry, to: name)
      let changes = try await Self.changes(catalog)
      for _ in 0..<3 { try await catalog.link(blob, ticket: entry, to: name) }
      try await catalog.keep(entry.ticket, infoHash: entry.infoHash)
      #expect(try await Self.changes(catalog) == changes)
    }
  }

  private static func changes(_ catalog: SQLiteCatalog) async throws -> Int64? {
    try await catalog.commits.write { transaction throws(RegistryError) in
      try transaction.connection.first("SELECT total_changes()") { $0.integer(0) }
    }
  }

  /// The plans, not the clock, say that the walks go along their indexes and sort nothing.
  @Test func walksFollowTheirIndexes() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let log = StatementLog()
    try await withCatalog(in: folder, trace: log.trace) { catalog in
      try await catalog.link(blob, to: name)
      log.clear()
      _ = try await catalog.withoutTicket(after: nil, limit: 10)
      _ = try await catalog.withoutClassicPieces(in: name, after: nil, limit: 10)
      _ = try await catalog.digest(ofTorrent: entry.infoHash.short)
      let database = try PlainDatabase(folder.database)
      let plans = try log.all.filter { $0.hasPrefix("SELECT") && !$0.hasPrefix("SELECT id FROM repository") }
        .map { try database.plan(of: $0) }
      #expect(
        plans == [
          [
            "SEARCH link USING INDEX link_by_digest (digest>?)", "CORRELATED SCALAR SUBQUERY 1",
            "SEARCH ticket USING PRIMARY KEY (digest=?)",
          ],
          [
            "SEARCH manifest USING INDEX manifest_by_digest (digest>?)", "CORRELATED SCALAR SUBQUERY 1",
            "SEARCH ticket USING PRIMARY KEY (digest=?)",
          ],
          [
            "SEARCH link USING PRIMARY KEY (repository=? AND digest>?)", "CORRELATED SCALAR SUBQUERY 1",
            "SEARCH classic USING PRIMARY KEY (digest=?)",
          ],
          [
            "SEARCH manifest USING INDEX sqlite_autoindex_manifest_1 (repository=? AND digest>?)",
            "CORRELATED SCALAR SUBQUERY 1", "SEARCH classic USING PRIMARY KEY (digest=?)",
          ],
          [
            "COMPOUND QUERY", "LEFT-MOST SUBQUERY", "SEARCH ticket USING INDEX ticket_by_hash (short_hash=?)",
            "UNION ALL", "SEARCH classic USING INDEX classic_by_hash (short_hash=?)",
          ],
        ])
    }
  }

  @Test func factsOfAnotherRecipeAreAbsentAndReplaced() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let pieces = ClassicPieces.hashing(bytes)
    let classicHash = InfoHash(version: .v1, bytes: Array(repeating: 9, count: 20))
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(blob, ticket: entry, to: name)
      try await catalog.keep(pieces, infoHash: classicHash)
      try PlainDatabase(folder.database).rows("UPDATE ticket SET recipe = recipe + 1, short_hash = zeroblob(20)")
      try PlainDatabase(folder.database).rows("UPDATE classic SET recipe = recipe + 1, short_hash = zeroblob(20)")

      #expect(try await catalog.ticket(of: blob.digest) == nil)
      #expect(try await catalog.classicPieces(of: blob.digest) == nil)
      #expect(try await catalog.digest(ofTorrent: Array(repeating: 0, count: 20)) == nil)
      #expect(try await catalog.withoutTicket(after: nil, limit: 10) == [blob])
      #expect(try await catalog.withoutClassicPieces(in: name, after: nil, limit: 10) == [blob])

      try await catalog.keep(entry.ticket, infoHash: entry.infoHash)
      try await catalog.keep(pieces, infoHash: classicHash)
      #expect(try await catalog.ticket(of: blob.digest) == entry.ticket)
      #expect(try await catalog.classicPieces(of: blob.digest) == pieces)
      #expect(try await catalog.digest(ofTorrent: entry.infoHash.short) == blob.digest)
      #expect(try await catalog.digest(ofTorrent: classicHash.short) == blob.digest)
    }
  }

  @Test(arguments: [
    "UPDATE ticket_layer SET hashes = zeroblob(64)", "DELETE FROM ticket_layer",
    "UPDATE classic_pieces SET hashes = zeroblob(20)",
  ])
  func aDamagedRowIsSaidAndNotServed(_ damage: String) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { catalog in
      try await catalog.keep(entry.ticket, infoHash: entry.infoHash)
      try await catalog.keep(.hashing(bytes), infoHash: InfoHash(version: .v1, bytes: Array(repeating: 9, count: 20)))
      try PlainDatabase(folder.database).rows(damage)
      let error = await #expect(throws: RegistryError.self) {
        _ = try await catalog.ticket(of: blob.digest)
        _ = try await catalog.classicPieces(of: blob.digest)
      }
      #expect(error?.message.contains("shoal catalog rebuild") == true)
    }
  }

  /// A data folder of the release before: what it holds is served, has no tickets, and is found by the walk.
  @Test func theReleasedSchemaIsBroughtUpAndItsBlobsAreFoundByTheWalk() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let image = try ManifestFixture.image(config: blob)
    let latest = try Tag(parsing: "latest")
    try OldCatalog(folder, migrations: .withoutTorrents).fill(name, image, tags: [latest.text])
    let before = try PlainDatabase(folder.database).rows("PRAGMA user_version")
    #expect(before == ["1"])

    for _ in 0..<2 {
      try await withCatalog(in: folder) { catalog in
        #expect(try await catalog.resolve(.tag(latest), in: name)?.digest == image.digest)
        let left = try await catalog.withoutTicket(after: nil, limit: 10)
        #expect(Set(left.map(\.digest)) == [blob.digest, image.digest])
      }
    }
    try await withCatalog(in: folder) { catalog in
      try await catalog.keep(entry.ticket, infoHash: entry.infoHash)
      #expect(try await catalog.withoutTicket(after: nil, limit: 10).map(\.digest) == [image.digest])
    }
    let after = try PlainDatabase(folder.database).rows("PRAGMA user_version")
    #expect(after == ["\(Schema.migrations.count)"])
  }
}
