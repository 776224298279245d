import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// What of the ledger only shows on a disk, or in the statements that are run.
@Suite struct LedgerTests {
  let name: RepositoryName
  let latest: RegistryCore.Tag
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    latest = try Tag(parsing: "latest")
    image = try ManifestFixture.index([])
  }

  private func publication(_ tags: [String], _ image: ManifestFixture? = nil) throws -> Publication {
    let image = image ?? self.image
    return Publication(
      repository: name, digest: image.digest, document: image.document, tags: try tags.map { try Tag(parsing: $0) })
  }

  private func fleet(_ byte: UInt8) throws -> FleetID {
    try #require(FleetID(Array(repeating: byte, count: FleetID.byteCount)))
  }

  /// The node's log is whole, signed and chained.
  private func expectSoundLog(_ catalog: SQLiteCatalog, in fleet: FleetID = .none, count: Int) async throws {
    let (writer, notary) = (try await catalog.writer(), HashNotary(.test()))
    let run = try #require(try await catalog.run(of: writer, after: 0, byteLimit: .max))
    #expect(run.fault(after: notary.root(of: writer, in: fleet), notary: notary) == nil)
    #expect(run.claims.map(\.body.sequence) == (1...Int64(count)).map { $0 })
  }

  /// All that a catalogue says, as text.
  private func everything(in folder: TemporaryFolder) throws -> [String] {
    let database = try PlainDatabase(folder.database)
    return try database.rows("SELECT hex(node), epoch, is_own FROM writer ORDER BY id")
      + database.rows("SELECT writer, sequence, clock, kind, hex(key), hex(value), hex(signature) FROM claim")
      + database.rows("SELECT name, hex(digest), clock FROM tag") + database.rows("SELECT hex(digest) FROM manifest")
      + database.rows("SELECT * FROM waiting_claim") + database.rows("SELECT epoch, hex(fleet) FROM life")
      + database.rows("SELECT document FROM name_rules")
  }

  /// A member deletes what is here, and a client pushes it here before that is heard: the later word stands.
  @Test(arguments: [true, false]) func whatIsPushedAgainStandsAboveADeletionThatIsHeardLater(_ saysAgain: Bool)
    async throws
  {
    try await withCatalog { catalog in
      _ = try await catalog.publish(try publication(["latest"]))
      let first = try #require(try await catalog.manifests(of: name).first).clock.rawValue
      _ = try await catalog.publish(
        Publication(
          repository: name, digest: image.digest, document: image.document, tags: [latest], saysAgain: saysAgain))
      var scribe = Scribe(9)
      scribe.say(.manifest(name, image.digest, .gone), at: HybridTime(rawValue: first + 1))
      scribe.say(.tag(name, latest, nil), at: HybridTime(rawValue: first + 2))
      _ = try await catalog.admit(try #require(scribe.run()))
      let named = try await catalog.resolve(.tag(latest), in: name)?.digest
      #expect(named == (saysAgain ? image.digest : nil))
    }
  }

  @Test func aPushAsksTheLogNothingWhereThereAreNoRules() async throws {
    let log = StatementLog()
    try await withCatalog(trace: log.trace) { catalog async throws in
      #expect(try await catalog.publish(try publication(["a"])) == .published)
      log.clear()
      #expect(try await catalog.publish(try publication(["b"])) == .published)
      #expect(log.all.count { $0.contains("INTO claim") } == 1)
      #expect(log.all.count { $0.contains("FROM claim") } == 0, "\(log.all)")
    }
  }

  @Test func theLogIsAskedByItsKeys() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let log = StatementLog()
    try await withCatalog(in: folder, trace: log.trace) { catalog in
      var scribe = Scribe(9)
      for number in 1...4 {
        scribe.say(.tag(name, latest, .of("\(number)")), at: HybridTime(milliseconds: Int64(number) * 600_000_000_000))
      }
      _ = try await catalog.publish(try publication(["latest"]))
      _ = try await catalog.admit(try #require(scribe.run(upTo: 3)))
      _ = try await catalog.admit(try #require(scribe.run()))
      _ = try await catalog.heads()
      _ = try await catalog.run(of: scribe.writer, after: 1, byteLimit: 100)
      _ = try await catalog.history(of: latest, in: name, limit: 3)
      _ = try await catalog.document(image.digest, as: image.document, in: name)
      _ = try await catalog.shortenLog()
      _ = try await catalog.beginEpoch()
      let database = try PlainDatabase(folder.database)
      let questions = log.all.filter { $0.contains("claim") && !$0.contains("CREATE") && !$0.contains("unsigned") }
      #expect(questions.count > 15)
      for sql in Set(questions) where sql.hasPrefix("SELECT") || sql.hasPrefix("DELETE") {
        // Writers are few, and `named` is a page of names.
        for step in try database.plan(of: sql)
        where step.hasPrefix("SCAN") && !step.hasPrefix("SCAN writer") && step != "SCAN named" {
          Issue.record("\(sql)\n\(step)")
        }
      }
    }
  }

  @Test func aWriteThatFailsLeavesTheChainWhole() async throws {
    try await withCatalog { catalog in
      for number in 0..<6 {
        let publication = try publication(["t\(number)"])
        do throws(RegistryError) {
          try await catalog.commits.write { transaction throws(RegistryError) in
            _ = try transaction.publish(publication)
            if number.isMultiple(of: 2) { throw RegistryError(.unavailable, "on purpose") }
          }
        } catch {
          #expect(error.message == "on purpose")
        }
      }
      try await expectSoundLog(catalog, count: 4)
    }
  }

  @Test func whatTheRulesForbidIsRefusedAndLeavesNoTrace() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let other = try ManifestFixture.image(config: .holding("x"))
    try await withCatalog(in: folder) { catalog in
      try await catalog.link(.holding("x"), to: name)
      _ = try await catalog.publish(try publication(["v1"]))
      _ = try await catalog.publish(try publication([], other))
      var rules = NameRules()
      rules.immutableTags = PublicPatterns(["team/*"])
      try await catalog.apply(rules)
      let before = try everything(in: folder)
      let tag = try Tag(parsing: "v1")
      for attempt in 0..<3 {
        let error = await #expect(throws: RegistryError.self) {
          switch attempt {
          case 0: _ = try await catalog.publish(try publication(["v1"], other))
          case 1: _ = try await catalog.untag(tag, in: name)
          default: _ = try await catalog.retract(image.digest, from: name)
          }
        }
        #expect(error?.code == .denied && error?.message.contains("team/app:v1") == true)
      }
      #expect(try everything(in: folder) == before)
      #expect(try await catalog.publish(try publication(["v1", "v2"])) == .published, "what is so, and a new tag")

      rules.writers = [NameRules.Writers(repositories: PublicPatterns(["**"]), nodes: [.test(1)])]
      try await catalog.apply(rules)
      let error = await #expect(throws: RegistryError.self) { try await catalog.publish(try publication(["v3"])) }
      #expect(error?.code == .denied)
    }
  }

  /// All tags but the first are later claims that never counted, or no longer do.
  @Test func theHistoryIsOfWhatCounts() async throws {
    let clock = HeldClock(milliseconds: 1_000_000)
    try await withCatalog(clock: clock) { catalog in
      var (one, two) = (Scribe(1), Scribe(2))
      one.say(.tag(name, latest, .of("1")), at: HybridTime(milliseconds: 900_000))
      two.say(.tag(name, latest, .of("2")), at: HybridTime(milliseconds: 900_001))
      one.say(.tag(name, latest, .of("3")), at: HybridTime(milliseconds: 900_002))
      two.say(.tag(name, latest, .of("ahead")), at: HybridTime(milliseconds: 2_000_000))
      for scribe in [one, two] { _ = try await catalog.admit(try #require(scribe.run())) }
      func history() async throws -> [Digest?] {
        try await catalog.history(of: latest, in: name, limit: 10).map(\.digest)
      }
      #expect(try await history() == [.of("3"), .of("2"), .of("1")])
      var rules = NameRules()
      rules.limits[one.writer] = 1
      try await catalog.apply(rules)
      #expect(try await history() == [.of("2"), .of("1")])
      rules.immutableTags = PublicPatterns(["team/*"])
      try await catalog.apply(rules)
      #expect(try await history() == [.of("1")])
      try await catalog.apply(NameRules())
      clock.move(byMilliseconds: 1_000_000)
      _ = try await catalog.settleDue()
      #expect(try await history() == [.of("ahead"), .of("3"), .of("2"), .of("1")])
    }
  }

  @Test func rulesWaitingClaimsAndHeadsOutliveTheNode() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let clock = HeldClock(milliseconds: 1_000_000)
    var scribe = Scribe(9)
    scribe.say(.tag(name, latest, .of("now")), at: HybridTime(milliseconds: 1_000_000))
    scribe.say(.tag(name, latest, .of("ahead")), at: HybridTime(milliseconds: 1_100_000))
    var rules = NameRules()
    rules.immutableTags = PublicPatterns(["fixed/**"])
    rules.limits = [scribe.writer: 7]
    rules.removed = [.test(3), .test(4)]
    rules.writers = [NameRules.Writers(repositories: PublicPatterns(["a/*", "b"]), nodes: [.test(), .test(9)])]
    var heads: [WriterID: ClaimHead] = [:]
    try await withCatalog(in: folder, clock: clock) { catalog in
      _ = try await catalog.publish(try publication(["mine"]))
      _ = try await catalog.admit(try #require(scribe.run()))
      try await catalog.apply(rules)
      heads = try await catalog.heads()
    }
    try await withCatalog(in: folder, clock: clock) { catalog in
      #expect(try await catalog.heads() == heads)
      let kept = try await catalog.commits.write { transaction throws(RegistryError) in transaction.rules }
      #expect(kept == rules)
      #expect(try await catalog.standing(Claim.Statement.tag(name, latest, nil).name) == Digest.of("now").multihash)
      #expect(try await catalog.settleDue() == HybridTime(milliseconds: 1_070_000))
      _ = try await catalog.untag(try Tag(parsing: "mine"), in: name)
      try await expectSoundLog(catalog, count: 3)
    }
    clock.move(byMilliseconds: 70_000)
    try await withCatalog(in: folder, clock: clock) { catalog async throws in
      #expect(try await catalog.settleDue() == nil)
      #expect(try await catalog.standing(Claim.Statement.tag(name, latest, nil).name) == Digest.of("ahead").multihash)
    }
  }

  /// What a kill leaves in the middle of `apply`: rules that are kept, and names that wait for them.
  @Test func aChangeOfRulesThatWasInterruptedIsFinishedOnOpening() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let count = SQLiteCatalog.namesPerTransaction * 2 + 1
    try await withCatalog(in: folder) { catalog in
      var scribe = Scribe(9)
      for round in 1...2 {
        for number in 0..<count {
          scribe.say(
            .tag(name, try Tag(parsing: "t\(number)"), .of("\(round)")),
            at: HybridTime(milliseconds: Int64(round * 1_000_000 + number)))
        }
      }
      _ = try await catalog.admit(try #require(scribe.run()))
      try await catalog.commits.write { transaction throws(RegistryError) in
        var rules = NameRules()
        rules.immutableTags = PublicPatterns(["team/*"])
        try transaction.change(to: rules)
        _ = try transaction.deriveStale(limit: 10)
      }
    }
    let question = "SELECT hex(digest), count(*) FROM tag GROUP BY digest ORDER BY 2"
    let (first, second) = (Hex.upper(Digest.of("1")), Hex.upper(Digest.of("2")))
    #expect(try PlainDatabase(folder.database).rows(question) == ["\(first)|10", "\(second)|\(count - 10)"])
    try await withCatalog(in: folder) { _ in }
    #expect(try PlainDatabase(folder.database).rows(question) == ["\(first)|\(count)"])
    #expect(try PlainDatabase(folder.database).rows("SELECT * FROM stale_name") == [])
  }

  /// A disk that fills up at any place of a rebase leaves what was there.
  @Test func aRebaseThatFailsChangesNothing() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { catalog in
      let tags = (0..<3_000).map { "t\($0)" }
      _ = try await catalog.publish(try publication(tags))
      let (before, pages) = (try everything(in: folder), try PlainDatabase(folder.database).rows("PRAGMA page_count"))
      let used = try #require(Int(pages[0]))
      for extra in [1, 10, 40, 80] {
        try await limitPages(of: catalog, to: used + extra)
        let error = await #expect(throws: RegistryError.self) {
          try await catalog.rebase(onto: try fleet(3), restating: [], dropping: [])
        }
        #expect(error?.code == .storageFull)
        #expect(try everything(in: folder) == before)
      }
      try await limitPages(of: catalog, to: 1_000_000)
      _ = try await catalog.rebase(onto: try fleet(3), restating: [], dropping: [])
      try await expectSoundLog(catalog, in: try fleet(3), count: 3_001)
      #expect(try await catalog.tags(of: name, after: nil, limit: 9_999)?.elements.count == 3_000)
    }
    try await withCatalog(in: folder) { catalog in
      _ = try await catalog.publish(try publication(["late"]))
      try await expectSoundLog(catalog, in: try fleet(3), count: 3_002)
    }
  }

  private func limitPages(of catalog: SQLiteCatalog, to count: Int) async throws {
    try await catalog.commits.write { transaction throws(RegistryError) in
      try transaction.connection.execute("PRAGMA max_page_count = \(count)")
    }
  }

  /// More names than are derived at a time, the first of them kept in memory.
  @Test func afterARebaseNothingOfOthersIsAnsweredFromMemory() async throws {
    try await withCatalog { catalog in
      var scribe = Scribe(9)
      scribe.say(.manifest(name, image.digest, .present(image.document.facts)), at: HybridTime(milliseconds: 1_000))
      for number in 0..<(SQLiteCatalog.namesPerTransaction * 2) {
        scribe.say(
          .tag(name, try Tag(parsing: "t\(number)"), image.digest), at: HybridTime(milliseconds: Int64(2_000 + number)))
      }
      _ = try await catalog.admit(try #require(scribe.run()))
      let references = [Reference.digest(image.digest), .tag(try Tag(parsing: "t7"))]
      for reference in references { #expect(try await catalog.resolve(reference, in: name) != nil) }
      _ = try await catalog.rebase(onto: try fleet(3), restating: [], dropping: [])
      for reference in references { #expect(try await catalog.resolve(reference, in: name) == nil) }
    }
  }

  /// Or two nodes whose clocks were set back at different times would not agree on what counts.
  @Test func whatIsNotLaterThanWhatCountsNeverWaits() async throws {
    let clock = HeldClock(milliseconds: 1_000_000)
    try await withCatalog(clock: clock) { catalog in
      var (one, two) = (Scribe(1), Scribe(2))
      one.say(.tag(name, latest, .of("1")), at: HybridTime(milliseconds: 1_020_000))
      two.say(.tag(name, try Tag(parsing: "other"), .of("2")), at: HybridTime(milliseconds: 1_010_000))
      _ = try await catalog.admit(try #require(one.run()))
      clock.move(byMilliseconds: -500_000)
      _ = try await catalog.admit(try #require(two.run()))
      #expect(try await catalog.settleDue() == nil)
      #expect(try await catalog.tags(of: name, after: nil, limit: 9)?.elements.map(\.text) == ["latest", "other"])
    }
  }

  /// The key of before is lost; what was said under it is this catalogue's all the same.
  @Test func whatWasSaidUnderAnotherKeyIsRebasedToo() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder, node: .test(1)) { _ = try await $0.publish(try publication(["a"])) }
    try await withCatalog(in: folder) { catalog in
      _ = try await catalog.rebase(onto: try fleet(3), restating: [], dropping: [])
      try await expectSoundLog(catalog, in: try fleet(3), count: 2)
      #expect(try await catalog.resolve(.tag(try Tag(parsing: "a")), in: name)?.digest == image.digest)
    }
  }

  @Test func aRebuiltCatalogueStaysInItsFleet() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await withCatalog(in: folder) { _ = try await $0.rebase(onto: try fleet(3), restating: [], dropping: []) }
    let rebuild = try CatalogRebuild.begin(folder)
    _ = try await rebuild.catalog.publish(try publication(["a"]))
    _ = try await rebuild.finish()
    try await withCatalog(in: folder) { try await expectSoundLog($0, in: try fleet(3), count: 2) }
  }

  @Test func aWriterWhoseClockRunsBackwardsIsRefused() async throws {
    try await withCatalog { catalog in
      var scribe = Scribe(9)
      scribe.say(.tag(name, latest, .of("1")), at: HybridTime(milliseconds: 2_000))
      scribe.say(.tag(name, latest, .of("2")), at: HybridTime(milliseconds: 2_000))
      _ = try await catalog.admit(try #require(scribe.run(upTo: 1)))
      let error = await #expect(throws: RegistryError.self) {
        try await catalog.admit(try #require(scribe.run(after: 1)))
      }
      #expect(error?.code == .denied)
      #expect(try await catalog.heads()[scribe.writer] == scribe.head(at: 1))
    }
  }

  /// A COMMIT that fails takes the log's end back as well.
  @Test func aRunWhoseCommitFailsMayComeAgain() async throws {
    try await withCatalog { catalog in
      var scribe = Scribe(9)
      scribe.say(.tag(name, latest, .of("1")), at: HybridTime(milliseconds: 2_000))
      let run = try #require(scribe.run())
      let digest = image.digest
      await #expect(throws: RegistryError.self) {
        try await catalog.commits.write { transaction throws(RegistryError) in
          _ = try transaction.admit(run)
          _ = try transaction.beginEpoch(above: 0, restating: nil)
          try transaction.connection.execute("PRAGMA defer_foreign_keys = ON")
          try transaction.connection.run("INSERT INTO link VALUES (999, ?1, 1)", .blob(digest.column))
        }
      }
      #expect(try await catalog.heads() == [:])
      #expect(try await catalog.admit(run) == .admitted(scribe.head(), added: 1))
      _ = try await catalog.publish(try publication(["a"]))
      try await expectSoundLog(catalog, count: 2)
    }
  }
}

extension Hex {
  fileprivate static func upper(_ digest: Digest) -> String { encode(digest.multihash).uppercased() }
}
