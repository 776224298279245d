import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct OpeningTests {
  private func opening(
    _ folder: TemporaryFolder, migrations: Migrations = Migrations()
  ) async -> RegistryError? {
    do {
      let catalog = try SQLiteCatalog.open(
        path: folder.database, by: .test(), migrations: migrations)
      await catalog.close()
      return nil
    } catch {
      return error
    }
  }

  private func write(_ bytes: [UInt8], to path: String, at offset: Int = 0) throws {
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    #expect(pwrite(file, bytes, bytes.count, offset) == bytes.count)
  }

  @Test func theFileIsForItsOwnerOnlyAndAloneOnceClosed() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(.holding("x"), to: try RepositoryName(parsing: "a"))
      #expect(folder.files == ["catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal"])
      for name in folder.files {
        var status = stat()
        #expect(stat("\(folder.path)/\(name)", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600, "\(name)")
      }
    }
    #expect(folder.files == ["catalog.sqlite"])
  }

  @Test func commitsAreFullySynchronousAndForeignKeysHold() async throws {
    try await withCatalog { catalog in
      let settings = try await catalog.commits.write { transaction throws(RegistryError) in
        let connection = transaction.connection
        return [
          try connection.first("PRAGMA synchronous") { $0.text(0) },
          try connection.first("PRAGMA foreign_keys") { $0.text(0) },
          try connection.first("PRAGMA journal_mode") { $0.text(0) },
        ]
      }
      #expect(settings == ["2", "1", "wal"])
    }
  }

  @Test func aReaderCannotWrite() async throws {
    try await withCatalog { catalog in
      await #expect(throws: RegistryError.self) {
        try await catalog.readers.read { connection throws(RegistryError) in try connection.run("DELETE FROM claim") }
      }
    }
  }

  @Test func aNewerReleasesCatalogueIsRefused() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let newer = Migrations(Schema.migrations + [.init(name: "9999-later", script: "CREATE TABLE later (x)")])
    #expect(await opening(folder, migrations: newer) == nil)
    let refusal = await opening(folder)
    #expect(refusal?.code == .unsupported)
    #expect(refusal?.message.contains("newer release") == true)
    #expect(await opening(folder, migrations: newer) == nil, "the refusal changed nothing")
  }

  @Test func aMigrationOfTheSameNumberButAnotherNameIsRefused() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let other = Migrations(
      [.init(name: "0001-other", script: Schema.migrations[0].script)] + Schema.migrations.dropFirst())
    #expect(await opening(folder, migrations: other) == nil)
    let refusal = await opening(folder)
    #expect(refusal?.code == .unsupported)
    #expect(refusal?.cause?.contains("0001-other") == true)
  }

  @Test func anOlderCatalogueIsBroughtUpAndKeepsWhatItHolds() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let name = try RepositoryName(parsing: "a")
    try await withCatalog(in: folder) { try await $0.link(.holding("x"), to: name) }
    let newer = Migrations(
      Schema.migrations + [.init(name: "0002", script: "ALTER TABLE link ADD COLUMN note TEXT")])
    for _ in 0..<2 { #expect(await opening(folder, migrations: newer) == nil) }
    let database = try PlainDatabase(folder.database)
    #expect(try database.rows("SELECT size, note FROM link") == ["1|NULL"])
    #expect(try database.rows("SELECT name FROM migration ORDER BY position") == newer.known.map(\.name))
  }

  @Test func aMigrationThatFailsLeavesTheSchemaAsItWas() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    #expect(await opening(folder) == nil)
    let broken = Migrations(
      Schema.migrations + [.init(name: "0002", script: "CREATE TABLE half (x); CREATE TABLE claim (x);")])
    #expect(await opening(folder, migrations: broken) != nil)
    #expect(await opening(folder) == nil)
    let half = try PlainDatabase(folder.database).rows("SELECT name FROM sqlite_schema WHERE name = 'half'")
    #expect(half == [])
  }

  @Test func aFileThatIsNoDatabaseNamesItsRepair() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try write(
      Array("this is no database, however long it is. ".utf8) + Array(repeating: 65, count: 8_192), to: folder.database)
    let refusal = await opening(folder)
    #expect(refusal?.code == .internal)
    #expect(refusal?.message.contains("shoal catalog rebuild") == true, "\(refusal.debugDescription)")
  }

  @Test func anotherProgramsDatabaseIsRefusedAndLeftAlone() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try PlainDatabase(folder.database).rows("CREATE TABLE theirs (x)")
    let refusal = await opening(folder)
    #expect(refusal?.message.contains("not Shoal's") == true)
    let tables = try PlainDatabase(folder.database).rows("SELECT name FROM sqlite_schema")
    #expect(tables == ["theirs"])
  }

  @Test func aDamagedPageIsSaidWhereItIsMet() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let name = try RepositoryName(parsing: "a")
    try await withCatalog(in: folder) { catalog in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<500 { tasks.addTask { try await catalog.link(.holding("\(number)"), to: name) } }
        try await tasks.waitForAll()
      }
    }
    let page = try PlainDatabase(folder.database).rows("SELECT rootpage FROM sqlite_schema WHERE name = 'link'")
    let root = try #require(Int(page[0]))
    try write(Array(repeating: 0xEE, count: 4_096), to: folder.database, at: (root - 1) * 4_096)
    try await withCatalog(in: folder) { catalog in
      let error = await #expect(throws: RegistryError.self) {
        try await catalog.linkedSize(of: StoredBlob.holding("7").digest, in: name)
      }
      #expect(error?.message.contains("shoal catalog rebuild") == true)
    }
  }

  @Test func aFolderThatIsNotThereIsAnErrorThatNamesItInItsCause() async throws {
    let error = #expect(throws: RegistryError.self) {
      try SQLiteCatalog.open(path: "/nonexistent/catalog.sqlite", by: .test())
    }
    #expect(error?.cause?.contains("/nonexistent/catalog.sqlite") == true)
    #expect(error?.message.contains("/nonexistent") == false, "a client is told no path")
  }

  @Test(arguments: [
    "INSERT INTO repository (name) VALUES ('')", "INSERT INTO repository (name) VALUES ('a')",
    "INSERT INTO tag VALUES (1, 'x', x'00', 1)", "INSERT INTO tag VALUES (1, 'x', NULL, 1)",
    "INSERT INTO tag VALUES (99, 'x', x'12' || zeroblob(32), 1)",
    "INSERT INTO link VALUES (1, x'12' || zeroblob(32), -1)",
    "INSERT INTO link VALUES (1, CAST(x'12' || zeroblob(32) AS BLOB), 'ten')",
    "INSERT INTO manifest VALUES (1, 1, CAST(x'12' || zeroblob(32) AS BLOB), 1, 'a/b', 5, NULL, NULL, 1, NULL, x'00')",
    "INSERT INTO manifest VALUES (1, 1, CAST(x'12' || zeroblob(32) AS BLOB), 1, '', 1, NULL, NULL, 1, NULL, x'00')",
    "INSERT INTO claim VALUES (1, 0, 1, 1, 1, x'00', NULL, zeroblob(32), zeroblob(64))",
    "INSERT INTO claim VALUES (9, 1, 1, 1, 1, x'00', NULL, zeroblob(32), zeroblob(64))",
    "INSERT INTO claim VALUES (1, 1, 1, 1, 1, x'00', NULL, x'00', zeroblob(64))",
    "INSERT INTO claim VALUES (1, 1, 1, 1, 1, x'00', NULL, zeroblob(32), NULL)",
    "INSERT INTO life VALUES (2, 1, zeroblob(32))", "UPDATE life SET fleet = x'00'", "DELETE FROM repository",
  ])
  func theSchemaRefusesWhatMakesNoSense(_ sql: String) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(.holding("x"), to: try RepositoryName(parsing: "a"))
    }
    let database = try PlainDatabase(folder.database)
    try database.rows("PRAGMA foreign_keys = ON")
    #expect(throws: RegistryError.self) { try database.rows(sql) }
  }
}
