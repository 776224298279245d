import BlockingWork
import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct GroupCommitTests {
  let name: RepositoryName
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    image = try ManifestFixture.index([])
  }

  /// Runs `writes` so that all of them wait together: the writer's thread is occupied by another write until `count`
  /// wait behind it, or ten seconds have passed.
  private func together(
    _ count: Int, in catalog: SQLiteCatalog, writes: (inout ThrowingTaskGroup<Void, any Error>) throws -> Void
  ) async throws {
    let commits = catalog.commits
    let (occupied, signal) = AsyncStream<Void>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await commits.write { _ throws(RegistryError) in
          signal.finish()
          let deadline = ContinuousClock.now + .seconds(120)
          while commits.waitingCount < count, ContinuousClock.now < deadline { usleep(1000) }
        }
      }
      for await _ in occupied {}
      try writes(&tasks)
      try await tasks.waitForAll()
    }
  }

  @Test func writesThatComeTogetherCostOneCommit() async throws {
    let log = StatementLog()
    try await withCatalog(trace: log.trace) { catalog in
      log.clear()
      try await together(100, in: catalog) { tasks in
        for number in 0..<100 {
          let tag = try Tag(parsing: "t\(number)")
          tasks.addTask {
            let publication = Publication(
              repository: name, digest: image.digest, document: image.document, tags: [tag])
            let outcome = try await catalog.publish(publication)
            #expect(outcome == .published)
            let resolved = try await catalog.resolve(.tag(tag), in: name)
            #expect(resolved?.digest == image.digest)
          }
        }
      }
      #expect(log.count("COMMIT") == 2, "one for the write that was alone, one for the hundred that waited")
    }
  }

  @Test func aWriteThatFailsLeavesNoTraceAndHarmsNobodyInItsGroup() async throws {
    let log = StatementLog()
    try await withCatalog(trace: log.trace) { catalog in
      try await together(20, in: catalog) { tasks in
        for number in 0..<20 {
          let tag = try Tag(parsing: "t\(number)")
          tasks.addTask {
            do {
              try await catalog.commits.write { transaction throws(RegistryError) in
                let publication = Publication(
                  repository: name, digest: image.digest, document: image.document, tags: [tag])
                _ = try transaction.publish(publication)
                if number.isMultiple(of: 2) { throw RegistryError(.unavailable, "on purpose") }
              }
              #expect(!number.isMultiple(of: 2))
            } catch let error as RegistryError {
              #expect(number.isMultiple(of: 2) && error.message == "on purpose", "\(error)")
            }
          }
        }
      }
      let tags = try await catalog.tags(of: name, after: nil, limit: 100)
      #expect(Set(try #require(tags).elements.map(\.text)) == Set(stride(from: 1, to: 20, by: 2).map { "t\($0)" }))
      let sequences = try await catalog.readers.read { connection throws(RegistryError) in
        try connection.all("SELECT sequence FROM claim ORDER BY sequence") { $0.integer(0) }
      }
      #expect(sequences == Array(1...11), "one for the manifest and one for each tag, without a gap")
    }
  }

  @Test func aCommitThatFailsFailsAllOfItsGroupAndTheNextGoesOn() async throws {
    try await withCatalog { catalog in
      let latest = try Tag(parsing: "latest")
      let publication = Publication(
        repository: name, digest: image.digest, document: image.document, tags: [latest])
      let failures = Lock(0)
      try await together(2, in: catalog) { tasks in
        tasks.addTask {
          do {
            try await catalog.commits.write { transaction throws(RegistryError) in
              // A broken reference that SQLite notices at COMMIT only.
              try transaction.connection.execute("PRAGMA defer_foreign_keys = ON")
              try transaction.connection.run("INSERT INTO link VALUES (999, ?1, 1)", .blob(image.digest.column))
            }
          } catch { failures.withLock { $0 += 1 } }
        }
        tasks.addTask {
          do { _ = try await catalog.publish(publication) } catch { failures.withLock { $0 += 1 } }
        }
      }
      #expect(failures.withLock { $0 } == 2)
      #expect(try await catalog.resolve(.tag(latest), in: name) == nil)
      #expect(try await catalog.tags(of: name, after: nil, limit: 1) == nil)

      #expect(try await catalog.publish(publication) == .published)
      #expect(try await catalog.resolve(.tag(latest), in: name)?.digest == image.digest)
      let sequences = try await catalog.readers.read { connection throws(RegistryError) in
        try connection.all("SELECT sequence FROM claim ORDER BY sequence") { $0.integer(0) }
      }
      #expect(sequences == [1, 2], "numbers of what failed are used again")
    }
  }

  @Test func aFullDiskIsSaidSoAndWhatWasThereStays() async throws {
    try await withCatalog(limits: .none) { catalog in
      try await catalog.link(.holding("kept"), to: name)
      try await limitPages(of: catalog, to: "1")
      let big = try ManifestFixture(
        json: #"{"padding":"\#(String(repeating: "x", count: 200_000))"}"#,
        contentType: MediaType(parsing: "application/x"))
      let publication = Publication(repository: name, digest: big.digest, document: big.document, tags: [])
      let error = await #expect(throws: RegistryError.self) { try await catalog.publish(publication) }
      #expect(error?.code == .storageFull)
      #expect(try await catalog.resolve(.digest(big.digest), in: name) == nil)
      #expect(try await catalog.linkedSize(of: StoredBlob.holding("kept").digest, in: name) == 4)

      try await limitPages(of: catalog, to: "1073741823")
      #expect(try await catalog.publish(publication) == .published)
    }
  }

  /// SQLite's own way to have a disk that is full; at least what is in use stays allowed.
  private func limitPages(of catalog: SQLiteCatalog, to count: String) async throws {
    try await catalog.commits.write { transaction throws(RegistryError) in
      try transaction.connection.execute("PRAGMA max_page_count = \(count)")
    }
  }

  @Test func aClosedCatalogueRefusesAndDoesNotHang() async throws {
    try await withCatalog { catalog in
      let digest = image.digest
      await catalog.close()
      let write = await #expect(throws: RegistryError.self) { try await catalog.retract(digest, from: name) }
      let read = await #expect(throws: RegistryError.self) { try await catalog.holder(of: digest) }
      #expect(write?.code == .unavailable && read?.code == .unavailable)
    }
  }

  @Test(arguments: [
    (13, 0, RegistryError.Code.storageFull), (10 | 19 << 8, ENOSPC, .storageFull), (10 | 3 << 8, EDQUOT, .storageFull),
    (10 | 1 << 8, EIO, .internal), (5, 0, .unavailable), (6, 0, .unavailable), (7, 0, .unavailable),
    (11, 0, .internal), (26, 0, .internal), (19, 0, .internal), (14, 0, .internal),
  ])
  func resultCodesAreTranslatedOnce(_ code: Int32, _ systemError: Int32, _ expected: RegistryError.Code) {
    #expect(RegistryError.sqlite(code, systemError: systemError, cause: "").code == expected)
  }

  @Test(arguments: [11, 26] as [Int32]) func aDamagedFileNamesItsRepair(_ code: Int32) {
    #expect(RegistryError.sqlite(code, systemError: 0, cause: "").message.contains("shoal catalog rebuild"))
  }
}
