import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct RebuildTests {
  let name: RepositoryName
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    image = try ManifestFixture.image(config: .holding("config"))
  }

  private func publication(_ tags: [String]) throws -> Publication {
    Publication(
      repository: name, digest: image.digest, document: image.document, tags: try tags.map { try Tag(parsing: $0) },
      demands: .blobs)
  }

  private func fill(_ folder: TemporaryFolder, tags: [String]) async throws {
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(.holding("config"), to: name)
      #expect(try await catalog.publish(try publication(tags)) == .published)
    }
  }

  private func overwrite(_ path: String, page: Int) throws {
    let file = open(path, O_WRONLY)
    try #require(file >= 0)
    defer { close(file) }
    let rubbish = [UInt8](repeating: 0xEE, count: 4_096)
    #expect(pwrite(file, rubbish, rubbish.count, (page - 1) * rubbish.count) == rubbish.count)
  }

  @Test func aRebuiltCatalogueTakesTheOldOnesPlaceInALaterEpoch() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await fill(folder, tags: ["a", "b"])

    let rebuild = try CatalogRebuild.begin(folder)
    #expect(rebuild.salvage.failure == nil)
    #expect(Set(rebuild.salvage.tags.map(\.tag.text)) == ["a", "b"])
    #expect(rebuild.salvage.tags.allSatisfy { $0.repository == name && $0.digest == image.digest })
    let writer = try await rebuild.catalog.writer()
    #expect(writer.epoch == rebuild.salvage.epoch + 1, "the clock stands still, the epoch does not")
    try await rebuild.catalog.link(.holding("config"), to: name)
    #expect(try await rebuild.catalog.publish(try publication(["a"])) == .published)
    let kept = try #require(try await rebuild.finish())

    #expect(kept == "\(folder.database).before-rebuild-20231114T221320Z")
    #expect(folder.files == ["catalog.sqlite", "catalog.sqlite.before-rebuild-20231114T221320Z"])
    try await withCatalog(in: folder) { catalog in
      #expect(!catalog.wasCreated)
      let tags = try await catalog.tags(of: name, after: nil, limit: 10)
      #expect(tags?.elements.map(\.text) == ["a"])
    }
    #expect(SQLiteCatalog.salvage(path: kept).tags.count == 2)
  }

  /// What is computed is computed anew; what somebody decided is not lost.
  @Test func wishesAreTakenOverAndTicketsAreNot() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let (one, two) = (Digest.of("one"), Digest.of("two"))
    let ticket = SwarmTicket.hashing([1], as: .hashing([1]))
    try await withCatalog(in: folder) { catalog in
      try await catalog.set(.stopped, for: one)
      try await catalog.set(.started, for: two)
      try await catalog.keep(try #require(ticket), infoHash: InfoHash(version: .v2, bytes: one.hash))
    }
    _ = try await CatalogRebuild.begin(folder).finish()
    try await withCatalog(in: folder) { catalog in
      let (wishes, ticket) = (try await catalog.everyWish(), try await catalog.ticket(of: .hashing([1])))
      #expect(wishes == [one: .stopped, two: .started])
      #expect(ticket == nil)
    }
  }

  @Test func aCatalogueFromBeforeTorrentsIsSalvagedWhole() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try OldCatalog(folder, migrations: .withoutTorrents).fill(name, image, tags: ["a"])
    let salvage = SQLiteCatalog.salvage(path: folder.database)
    #expect(salvage.failure == nil)
    #expect(salvage.tags.map(\.tag.text) == ["a"])
    #expect(salvage.wishes.isEmpty)
  }

  @Test func twoRebuildsInOneSecondKeepBoth() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await fill(folder, tags: ["a"])
    var kept: Set<String> = []
    for _ in 0..<3 {
      let rebuild = try CatalogRebuild.begin(folder)
      kept.insert(try #require(try await rebuild.finish()))
    }
    #expect(kept.count == 3 && folder.files.count == 4)
  }

  @Test func anAbandonedRebuildAndAnUnfinishedOneLeaveTheOldCatalogue() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await fill(folder, tags: ["a"])
    for isAbandoned in [false, true, false] {
      let rebuild = try CatalogRebuild.begin(folder)
      #expect(try await rebuild.catalog.repositories(after: nil, limit: 1).elements.isEmpty, "nothing left of another")
      try await rebuild.catalog.link(.holding("config"), to: name)
      #expect(try await rebuild.catalog.publish(try publication([])) == .published)
      if isAbandoned { try await rebuild.abandon() } else { await rebuild.catalog.close() }
    }
    try await withCatalog(in: folder) { catalog in
      let found = try await catalog.resolve(.tag(try Tag(parsing: "a")), in: name)
      #expect(found?.digest == image.digest)
    }
  }

  @Test func withoutAnOldCatalogueThereIsNothingToKeep() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let rebuild = try CatalogRebuild.begin(folder)
    #expect(rebuild.salvage.tags.isEmpty && rebuild.salvage.failure != nil)
    #expect(try await rebuild.finish() == nil)
    #expect(folder.files == ["catalog.sqlite"])
  }

  @Test func theLogOfADeadProcessGoesAsideWithItsDatabase() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await fill(folder, tags: ["a"])
    // What a kill leaves: a database with commits that are in its log file only.
    try await withCatalog(in: folder) { catalog in
      _ = try await catalog.publish(try publication(["late"]))
      for suffix in ["", "-wal"] { try copy(folder.database + suffix, to: "\(folder.path)/dead\(suffix)") }
    }
    for suffix in ["", "-wal"] { #expect(rename("\(folder.path)/dead\(suffix)", folder.database + suffix) == 0) }

    let rebuild = try CatalogRebuild.begin(folder)
    #expect(Set(rebuild.salvage.tags.map(\.tag.text)) == ["a", "late"])
    let kept = try #require(try await rebuild.finish())
    #expect(folder.files.contains("catalog.sqlite.before-rebuild-20231114T221320Z-wal"))
    try await withCatalog(in: folder) { catalog in
      let page = try await catalog.repositories(after: nil, limit: 1)
      #expect(page.elements.isEmpty, "nothing of the old log")
    }
    #expect(SQLiteCatalog.salvage(path: kept).tags.count == 2)
  }

  @Test func tagsOnBothSidesOfADamagedPageAreSaved() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let all = (0..<2_000).map { "tag-\($0)" }
    try await fill(folder, tags: all)
    #expect(Set(SQLiteCatalog.salvage(path: folder.database).tags.map(\.tag.text)) == Set(all))

    let leaves = try PlainDatabase(folder.database).rows(
      "SELECT pageno FROM dbstat WHERE name = 'tag' AND pagetype = 'leaf' ORDER BY path")
    try #require(leaves.count > 10)
    try overwrite(folder.database, page: try #require(Int(leaves[leaves.count / 2])))
    let salvage = SQLiteCatalog.salvage(path: folder.database)
    #expect(salvage.failure != nil)
    #expect(salvage.tags.count == Set(salvage.tags).count, "each once")
    #expect(salvage.tags.count > all.count * 8 / 10 && salvage.tags.count < all.count)
  }

  @Test func whatIsNoDatabaseGivesNoTagsAndSaysSo() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await fill(folder, tags: ["a"])
    try overwrite(folder.database, page: 1)
    let salvage = SQLiteCatalog.salvage(path: folder.database)
    #expect(salvage.tags.isEmpty && salvage.epoch == 0 && salvage.failure != nil)
    let rebuild = try CatalogRebuild.begin(folder)
    #expect(try await rebuild.finish() != nil)
    try await withCatalog(in: folder) { #expect(!$0.wasCreated) }
  }

  private func copy(_ from: String, to: String) throws {
    let (source, target) = (open(from, O_RDONLY), open(to, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
    try #require(source >= 0 && target >= 0)
    defer {
      close(source)
      close(target)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(source, &buffer, buffer.count)
      try #require(count >= 0)
      if count == 0 { return }
      #expect(Glibc.write(target, buffer, count) == count)
    }
  }
}
