import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// What a pull costs, told by the statements that SQLite ran.
@Suite struct HotPathTests {
  let name: RepositoryName

  init() throws { name = try RepositoryName(parsing: "team/app") }

  /// A catalogue with an image tagged `latest`, and the log of what is run on it from then on.
  private func withImage(
    _ body: (SQLiteCatalog, StatementLog, ManifestFixture, TemporaryFolder) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let image = try ManifestFixture.image(config: .holding("config"))
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(.holding("config"), to: name)
      let publication = Publication(
        repository: name, digest: image.digest, document: image.document, tags: [try Tag(parsing: "latest")])
      #expect(try await catalog.publish(publication) == .published)
    }
    let log = StatementLog()
    try await withCatalog(in: folder, trace: log.trace) { catalog in
      log.clear()
      try await body(catalog, log, image, folder)
    }
  }

  @Test func resolvingForTheFirstTimeIsOneStatementAndThenNone() async throws {
    try await withImage { catalog, log, image, _ in
      for reference in [Reference.tag(try Tag(parsing: "latest")), .digest(image.digest)] {
        log.clear()
        #expect(try await catalog.resolve(reference, in: name)?.bytes == image.document.bytes)
        #expect(log.all.count == 1, "\(log.all)")
        #expect(log.all.allSatisfy { $0.hasPrefix("SELECT") })
        #expect(try await catalog.resolve(reference, in: name)?.bytes == image.document.bytes)
        #expect(log.all.count == 1, "a second time asks nothing: \(log.all)")
      }
    }
  }

  @Test func aLinkedSizeIsOneStatementAndThenNone() async throws {
    try await withImage { catalog, log, _, _ in
      for _ in 0..<2 {
        let size = try await catalog.linkedSize(of: StoredBlob.holding("config").digest, in: name)
        #expect(size == 6)
        #expect(log.all.count == 1, "\(log.all)")
      }
    }
  }

  @Test func everyQuestionIsASearchOfAnIndex() async throws {
    try await withImage { catalog, log, image, folder in
      let latest = try Tag(parsing: "latest")
      _ = try await catalog.resolve(.tag(latest), in: name)
      _ = try await catalog.resolve(.digest(image.digest), in: name)
      _ = try await catalog.linkedSize(of: image.digest, in: name)
      _ = try await catalog.holder(of: image.digest)
      _ = try await catalog.tags(of: name, after: "a", limit: 10)
      _ = try await catalog.history(of: latest, in: name, limit: 10)
      _ = try await catalog.referrers(of: image.digest, in: name, artifactType: "a")
      _ = try await catalog.manifests(of: name)
      _ = try await catalog.repositories(after: "a", limit: 10)
      let ticket = try #require(SwarmTicket.hashing([1], as: .hashing([1])))
      let infoHash = InfoHash(version: .v2, bytes: image.digest.hash)
      try await catalog.keep(ticket, infoHash: infoHash)
      try await catalog.keep(.hashing([1]), infoHash: InfoHash(version: .v1, bytes: infoHash.short))
      _ = try await catalog.ticket(of: .hashing([1]))
      _ = try await catalog.classicPieces(of: .hashing([1]))
      _ = try await catalog.digest(ofTorrent: infoHash.short)
      _ = try await catalog.withoutTicket(after: nil, limit: 10)
      _ = try await catalog.withoutClassicPieces(in: name, after: nil, limit: 10)
      _ = try await catalog.repositories(holding: image.digest)
      try await catalog.set(.started, for: image.digest)
      _ = try await catalog.wish(for: image.digest)
      try await catalog.set(nil, for: image.digest)
      _ = try await catalog.unlink(StoredBlob.holding("config").digest, from: name, refusingNeeded: true)
      _ = try await catalog.retract(image.digest, from: name)
      let database = try PlainDatabase(folder.database)
      let questions = log.all.filter { $0.hasPrefix("SELECT") || $0.hasPrefix("DELETE") || $0.hasPrefix("INSERT") }
      #expect(questions.count > 40)
      for sql in Set(questions) {
        // The values of an INSERT … SELECT are a constant row.
        for step in try database.plan(of: sql) where step.hasPrefix("SCAN") && step != "SCAN CONSTANT ROW" {
          Issue.record("\(sql)\n\(step)")
        }
      }
    }
  }

  @Test func resolvingSortsNothingAndReadsTagsFromTheirKey() async throws {
    try await withImage { catalog, log, _, folder in
      _ = try await catalog.resolve(.tag(try Tag(parsing: "latest")), in: name)
      let plan = try PlainDatabase(folder.database).plan(of: try #require(log.all.first))
      #expect(
        plan == [
          "SEARCH repository USING COVERING INDEX sqlite_autoindex_repository_1 (name=?)",
          "SEARCH tag USING PRIMARY KEY (repository=? AND name=?)",
          "SEARCH manifest USING INDEX sqlite_autoindex_manifest_1 (repository=? AND digest=?)",
        ])
    }
  }

  @Test func bytesOverTheInlineLimitStayInTheirBlob() async throws {
    try await withCatalog(limits: .none) { catalog in
      for (extra, isInline) in [(0, true), (1, false)] {
        let padding = String(repeating: " ", count: WriteTransaction.inlineByteLimit - 2 + extra)
        let manifest = try ManifestFixture(json: "{\(padding)}", contentType: MediaType(parsing: "application/x"))
        let publication = Publication(
          repository: name, digest: manifest.digest, document: manifest.document, tags: [])
        _ = try await catalog.publish(publication)
        let stored = try #require(try await catalog.resolve(.digest(manifest.digest), in: name))
        #expect(stored.size == manifest.document.bytes.count)
        #expect((stored.bytes != nil) == isInline)
      }
    }
  }

  @Test func tagsOfALargeRepositoryComeInPagesByTheIndex() async throws {
    let log = StatementLog()
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder, trace: log.trace) { catalog in
      let image = try ManifestFixture.index([])
      var tags: [RegistryCore.Tag] = []
      for number in 0..<50_000 { tags.append(try Tag(parsing: "v\(number)")) }
      let publication = Publication(repository: name, digest: image.digest, document: image.document, tags: tags)
      #expect(try await catalog.publish(publication) == .published)
      log.clear()

      var (seen, last, hasMore): (Int, String?, Bool) = (0, nil, true)
      while hasMore {
        let page = try #require(try await catalog.tags(of: name, after: last, limit: 1_000))
        seen += page.elements.count
        (last, hasMore) = (page.elements.last?.text, page.hasMore)
      }
      #expect(seen == 50_000)
      // The plan, not the clock, says that a page costs a page: a scan for each would read 1.25 million rows.
      let sql = try #require(log.all.first { $0.contains("FROM tag") })
      let plan = try PlainDatabase(folder.database).plan(of: sql)
      #expect(plan == ["SEARCH tag USING PRIMARY KEY (repository=? AND name>?)"])
    }
  }
}
