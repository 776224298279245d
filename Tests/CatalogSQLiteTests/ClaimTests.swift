import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct ClaimTests {
  let name: RepositoryName
  let latest: RegistryCore.Tag
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    latest = try Tag(parsing: "latest")
    image = try ManifestFixture.index([])
  }

  private func publish(_ catalog: SQLiteCatalog, tags: [RegistryCore.Tag]) async throws {
    let publication = Publication(repository: name, digest: image.digest, document: image.document, tags: tags)
    #expect(try await catalog.publish(publication) == .published)
  }

  /// The log as text, in the order of writers and sequences.
  private func log(of folder: TemporaryFolder) throws -> [String] {
    try PlainDatabase(folder.database).rows(
      """
      SELECT lower(hex(substr(node, 1, 1))), claim.epoch, sequence, clock >> 16, clock & 65535, kind, repository.name,
        value IS NULL
      FROM (SELECT claim.*, node, epoch FROM claim JOIN writer ON writer.id = writer) AS claim
      JOIN repository ON repository.id = claim.repository ORDER BY node, claim.epoch, sequence
      """)
  }

  @Test func retractingIsOneClaimForEachTagAndOneForTheManifest() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder, clock: HeldClock(milliseconds: 5_000)) { catalog in
      try await publish(catalog, tags: [latest, try Tag(parsing: "v1")])
      #expect(try await catalog.retract(image.digest, from: name) != nil)
      #expect(try await catalog.writer() == WriterID(node: .test(), epoch: 5))
    }
    #expect(
      try log(of: folder) == [
        "07|5|1|5000|0|1|team/app|0", "07|5|2|5000|1|2|team/app|0", "07|5|3|5000|2|2|team/app|0",
        "07|5|4|5000|3|2|team/app|1", "07|5|5|5000|4|2|team/app|1", "07|5|6|5000|5|1|team/app|1",
      ])
  }

  @Test func claimsRiseWhenTheClockStepsBackAlsoAfterAReopening() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for milliseconds: Int64 in [9_000, 3_000, 6_000] {
      try await withCatalog(in: folder, clock: HeldClock(milliseconds: milliseconds)) { catalog in
        #expect(try await catalog.writer().epoch == 9, "the epoch is made once")
        #expect(catalog.wasCreated == (milliseconds == 9_000))
        try await publish(catalog, tags: [latest])
        _ = try await catalog.untag(latest, in: name)
      }
    }
    let times = try PlainDatabase(folder.database).rows("SELECT sequence, clock FROM claim ORDER BY clock")
    #expect(times.count == 7)
    #expect(times.map { Int($0.split(separator: "|")[0]) } == Array(1...7))
  }

  @Test func anotherNodeWritesUnderItsOwnName() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let clock = HeldClock(milliseconds: 5_000)
    try await withCatalog(in: folder, node: .test(1), clock: clock) { try await publish($0, tags: [latest]) }
    try await withCatalog(in: folder, node: .test(2), clock: clock) { catalog in
      _ = try await catalog.untag(latest, in: name)
      #expect(try await catalog.resolve(.tag(latest), in: name) == nil)
    }
    #expect(
      try log(of: folder) == [
        "01|5|1|5000|0|1|team/app|0", "01|5|2|5000|1|2|team/app|0", "02|5|1|5000|2|2|team/app|1",
      ])
  }

  @Test func aPushAfterAForeignClaimIsLaterAndBringsTheDocument() async throws {
    try await withCatalog(clock: HeldClock(milliseconds: 1_000)) { catalog in
      let ahead = HybridTime(milliseconds: 2_000)
      var scribe = Scribe(9)
      scribe.say(.manifest(name, image.digest, .present(image.document.facts)), at: ahead)
      _ = try await catalog.admit(try #require(scribe.run()))
      #expect(try await catalog.resolve(.digest(image.digest), in: name)?.bytes == nil)

      try await publish(catalog, tags: [latest])
      #expect(try await catalog.resolve(.tag(latest), in: name)?.bytes == image.document.bytes)
      #expect(try await catalog.manifests(of: name).map(\.clock) == [ahead], "what is so already is not claimed")
      let events = try await catalog.history(of: latest, in: name, limit: 1)
      #expect(events.map(\.clock) == [HybridTime(rawValue: ahead.rawValue + 1)])
    }
  }

  @Test func aDigestsColumnSortsLikeTheDigest() {
    var digests = (0..<50).map { Digest.of("\($0)") }
    digests += (0..<50).map { Digest.of("\($0)", algorithm: .sha512) }
    let byColumn = digests.sorted { $0.column.lexicographicallyPrecedes($1.column) }
    #expect(byColumn == digests.sorted())
    #expect(digests.allSatisfy { Digest(column: $0.column) == $0 })
    #expect(
      Digest(column: []) == nil && Digest(column: [0x12]) == nil && Digest(column: [0x14] + digests[0].hash) == nil)
  }
}
