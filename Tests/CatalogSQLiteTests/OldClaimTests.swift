import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// Catalogues of releases whose claims were not signed.
@Suite struct OldClaimTests {
  let name: RepositoryName
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    image = try ManifestFixture.image(config: .holding("config"))
  }

  private func tag(_ text: String, _ target: String?) throws -> Claim.Statement {
    .tag(name, try Tag(parsing: text), target.map { .of($0) })
  }

  /// The node's log, checked from the root on.
  private func log(of catalog: SQLiteCatalog, node: NodeID = .test()) async throws -> [SignedClaim] {
    let writer = try await catalog.writer()
    let run = try #require(try await catalog.run(of: writer, after: 0, byteLimit: .max))
    let notary = HashNotary(node)
    #expect(run.fault(after: notary.root(of: writer, in: .none), notary: notary) == nil)
    return run.claims
  }

  @Test func whatAnEarlierReleaseWroteIsSignedOnceAndGoneOnBehind() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try OldCatalog(folder).fill(name, image, tags: ["a", "b"])
    var first: [SignedClaim] = []
    for round in 0..<2 {
      try await withCatalog(in: folder) { catalog in
        #expect(try await catalog.resolve(.tag(try Tag(parsing: "b")), in: name)?.bytes == image.document.bytes)
        let claims = try await log(of: catalog)
        #expect(claims.map(\.body.clock.rawValue) == [100, 101, 102])
        #expect(claims.allSatisfy { $0.body.writer == WriterID(node: .test(), epoch: 5) })
        if round == 0 { first = claims } else { #expect(claims == first, "signed once") }
      }
    }
    try await withCatalog(in: folder) { catalog in
      _ = try await catalog.untag(try Tag(parsing: "a"), in: name)
      #expect(try await log(of: catalog).map(\.body.sequence) == [1, 2, 3, 4])
    }
  }

  @Test func claimsUnderALostKeyBecomeTheNodesOwnInTheOrderOfTheirClocks() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let old = try OldCatalog(folder)
    try old.writer(1, node: .test(9), epoch: 3)
    try old.writer(2, node: .test(), epoch: 5)
    try old.writer(3, node: .test(8), epoch: 5)
    try old.say(try tag("a", "one"), writer: 1, 1, at: 10)
    try old.say(try tag("a", "two"), writer: 2, 1, at: 20)
    try old.say(try tag("b", "one"), writer: 1, 2, at: 30)
    try old.say(try tag("a", nil), writer: 3, 1, at: 30)
    try old.say(try tag("b", "two"), writer: 2, 2, at: 40)
    try await withCatalog(in: folder) { catalog in
      let claims = try await log(of: catalog)
      #expect(claims.map(\.body.clock.rawValue) == [10, 20, 30, 31, 40], "equal clocks part")
      let targets: [Digest?] = [.of("one"), .of("two"), .of("one"), nil, .of("two")]
      #expect(claims.map(\.body.value) == targets.map { $0?.multihash })
      #expect(try await catalog.heads().count == 1)
    }
  }

  @Test func manyClaimsAreSignedPageByPage() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let old = try OldCatalog(folder)
    try old.writer(1)
    try old.execute(
      """
      INSERT INTO repository (name) VALUES ('team/app');
      INSERT INTO claim (writer, sequence, clock, kind, repository, key, value)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500)
      SELECT 1, i, 1000 + i, 2, 1, CAST('t' || i AS BLOB), NULL FROM n
      """)
    try await withCatalog(in: folder) { catalog async throws in
      #expect(try await log(of: catalog).map(\.body.sequence) == Array(1...3500))
    }
  }

  /// An artifact's type had no bound then; as a claim it would be larger than what members take.
  @Test func aTypeThatIsTooLongForAClaimIsLeftOut() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let long = String(repeating: "x", count: 20_000)
    let old = try OldCatalog(folder)
    try old.fill(name, image, tags: ["a"])
    let facts = ManifestFacts(mediaType: .ociManifest, size: 5, subject: nil, artifactType: long)
    try old.say(.manifest(name, .of("long"), .present(facts)), 3, at: 200)
    try old.execute(
      """
      INSERT INTO manifest (repository, digest, clock, media_type, size, documented, artifact_type)
      VALUES (1, x'\(Hex.encode(Digest.of("long").multihash))', 200, '\(MediaType.ociManifest)', 5, 0, '\(long)')
      """)
    try await withCatalog(in: folder) { catalog in
      let last = try #require(try await log(of: catalog).last)
      #expect(last.bytes.count < SignedClaim.byteLimit)
      let manifests = try await catalog.manifests(of: name)
      let bare = ManifestFacts(mediaType: .ociManifest, size: 5, subject: nil, artifactType: nil)
      #expect(manifests.first { $0.digest == .of("long") }?.facts == bare)
      #expect(Claim.Statement(last.body.name, value: last.body.value) == .manifest(name, .of("long"), .present(bare)))
      #expect(manifests.first { $0.digest == image.digest }?.facts == image.document.facts, "the others stay")
    }
  }

  @Test func aLogThatDoesNotParseIsRefusedAndLeftAsItWas() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let old = try OldCatalog(folder)
    try old.fill(name, image, tags: ["a"])
    let broken = try tag("b", nil).name
    try old.say(broken, value: [1], 3, at: 300)
    let error = #expect(throws: RegistryError.self) {
      try SQLiteCatalog.open(path: folder.database, by: .test())
    }
    #expect(error?.message.contains("shoal catalog rebuild") == true)
    let database = try PlainDatabase(folder.database)
    #expect(try database.rows("PRAGMA user_version") == ["2"])
    #expect(try database.rows("SELECT count(*) FROM claim WHERE signature IS NULL") == ["3"])
    #expect(SQLiteCatalog.salvage(path: folder.database).tags.map(\.tag.text) == ["a"])
  }
}
