import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct RetentionTests {
  private static let day: Int64 = 24 * 60 * 60 * 1_000
  private static let now = 1_000 * day

  let name: RepositoryName

  init() throws { name = try RepositoryName(parsing: "team/app") }

  private func tag(_ text: String, _ target: String?) throws -> Claim.Statement {
    .tag(name, try Tag(parsing: text), target.map { .of($0) })
  }

  private func time(daysAgo: Int64, _ step: Int = 0) -> HybridTime {
    HybridTime(milliseconds: Self.now - daysAgo * Self.day + Int64(step))
  }

  private func sequences(of writer: WriterID, in catalog: SQLiteCatalog) async throws -> [Int64] {
    try await catalog.run(of: writer, after: 0, byteLimit: .max)?.claims.map(\.body.sequence) ?? []
  }

  /// A catalogue that has taken in what was said, with the log shortened.
  private func shortened(
    _ scribes: [Scribe], rules: NameRules = NameRules(), _ body: (SQLiteCatalog, Int) async throws -> Void
  ) async throws {
    try await withCatalog(clock: HeldClock(milliseconds: Self.now)) { catalog in
      for scribe in scribes { _ = try await catalog.admit(try #require(scribe.run())) }
      try await catalog.apply(rules)
      let names = Set(scribes.flatMap(\.claims).map(\.body.name))
      var before: [ClaimedName: [UInt8]?] = [:]
      for name in names { before[name] = try await catalog.standing(name) }
      var dropped = 0
      // A deletion goes after what it beat.
      for _ in 1...2 { dropped += try await catalog.shortenLog().dropped }
      for name in names { #expect(try await catalog.standing(name) == before[name], "the state of \(name)") }
      #expect(try await catalog.shortenLog().dropped == 0, "nothing more to drop")
      try await body(catalog, dropped)
    }
  }

  @Test func ofATagTheLastTwentyStayAndAllOfTheLastThirtyDays() async throws {
    var scribe = Scribe(9)
    for number in 1...30 { scribe.say(try tag("old", "\(number)"), at: time(daysAgo: 60, number)) }
    for number in 1...30 { scribe.say(try tag("young", "\(number)"), at: time(daysAgo: 29, number)) }
    try await shortened([scribe]) { (catalog, dropped) async throws in
      #expect(dropped == 10)
      #expect(try await sequences(of: scribe.writer, in: catalog) == Array(11...60))
    }
  }

  @Test func whatStandsStaysHoweverOldAndWhatItBeatGoes() async throws {
    var (one, two) = (Scribe(1), Scribe(2))
    let facts = ManifestFacts(mediaType: .ociIndex, size: 3, subject: nil, artifactType: nil)
    one.say(.manifest(name, .of("m"), .present(facts)), at: time(daysAgo: 900))
    two.say(.manifest(name, .of("m"), .gone), at: time(daysAgo: 899))
    one.say(.manifest(name, .of("m"), .present(facts)), at: time(daysAgo: 898))
    for writer in [1, 2] {
      let last = try tag("last-\(writer)", "x")
      if writer == 1 { one.say(last, at: time(daysAgo: 2)) } else { two.say(last, at: time(daysAgo: 2)) }
    }
    try await shortened([one, two]) { (catalog, dropped) async throws in
      #expect(dropped == 2)
      #expect(try await sequences(of: one.writer, in: catalog) == [2, 3])
      #expect(try await sequences(of: two.writer, in: catalog) == [2])
    }
  }

  @Test func aTombstoneStaysForNinetyDaysAndWhatItBeatForThirty() async throws {
    var scribe = Scribe(9)
    scribe.say(try tag("gone", "1"), at: time(daysAgo: 200))
    scribe.say(try tag("going", "1"), at: time(daysAgo: 199))
    scribe.say(try tag("gone", nil), at: time(daysAgo: 91))
    scribe.say(try tag("going", nil), at: time(daysAgo: 89))
    scribe.say(try tag("last", "1"), at: time(daysAgo: 2))
    try await shortened([scribe]) { (catalog, dropped) async throws in
      #expect(dropped == 3)
      #expect(try await sequences(of: scribe.writer, in: catalog) == [4, 5])
    }
  }

  /// Without the tombstone what it beat would come back.
  @Test func aTombstoneStaysAsLongAsAClaimThatItBeats() async throws {
    var (one, two) = (Scribe(1), Scribe(2))
    two.say(try tag("gone", "kept, since it is its writer's last"), at: time(daysAgo: 200))
    one.say(try tag("gone", "1"), at: time(daysAgo: 199))
    one.say(try tag("gone", nil), at: time(daysAgo: 150))
    one.say(try tag("last", "1"), at: time(daysAgo: 2))
    try await shortened([one, two]) { (catalog, dropped) async throws in
      #expect(dropped == 1)
      #expect(try await sequences(of: one.writer, in: catalog) == [2, 3])
      #expect(try await sequences(of: two.writer, in: catalog) == [1])
    }
  }

  @Test func anImmutableTagKeepsItsFirstClaim() async throws {
    var scribe = Scribe(9)
    for number in 1...30 { scribe.say(try tag("v1", "\(number)"), at: time(daysAgo: 100, number)) }
    var rules = NameRules()
    rules.immutableTags = PublicPatterns(["team/*"])
    try await shortened([scribe], rules: rules) { (catalog, dropped) async throws in
      #expect(dropped == 9)
      #expect(try await sequences(of: scribe.writer, in: catalog) == [1] + Array(11...30))
    }
  }

  /// Of two nodes one shortened its log before it heard that tags are immutable, the other after.
  @Test func whenTagsBecomeImmutableNodesAgreeHoweverTheyShortened() async throws {
    var scribe = Scribe(9)
    for number in 1...30 { scribe.say(try tag("moved", "\(number)"), at: time(daysAgo: 200, number)) }
    scribe.say(try tag("gone", "1"), at: time(daysAgo: 190))
    scribe.say(try tag("gone", nil), at: time(daysAgo: 189))
    scribe.say(try tag("again", "1"), at: time(daysAgo: 188))
    scribe.say(try tag("again", nil), at: time(daysAgo: 187))
    for number in 1...30 { scribe.say(try tag("again", "\(number)"), at: time(daysAgo: 20, number)) }
    scribe.say(try tag("last", "1"), at: time(daysAgo: 1))
    var rules = NameRules()
    rules.immutableTags = PublicPatterns(["team/*"])
    rules.immutableSince = [.init(repositories: PublicPatterns(["team/*"]), since: Self.now - 100 * Self.day)]
    let run = try #require(scribe.run())
    var seen: [[ClaimedName: [UInt8]?]] = []
    for isShortenedFirst in [true, false] {
      try await withCatalog(clock: HeldClock(milliseconds: Self.now)) { catalog in
        _ = try await catalog.admit(run)
        if isShortenedFirst { for _ in 1...2 { _ = try await catalog.shortenLog() } }
        try await catalog.apply(rules)
        for _ in 1...2 { _ = try await catalog.shortenLog(forgetting: .only([])) }
        var standing: [ClaimedName: [UInt8]?] = [:]
        for name in Set(run.claims.map(\.body.name)) { standing[name] = try await catalog.standing(name) }
        seen.append(standing)
      }
    }
    #expect(seen[0] == seen[1])
    #expect(seen[0][try tag("moved", nil).name] == .some(Digest.of("30").multihash))
    #expect(seen[0][try tag("gone", nil).name] == .some(nil))
    #expect(seen[0][try tag("again", nil).name] == .some(Digest.of("1").multihash))
  }

  /// Else a node that still has what it deleted would say that again.
  @Test func theDeletionFromBeforeATagBecameImmutableStaysBesideWhatStands() async throws {
    var scribe = Scribe(9)
    scribe.say(try tag("v1", "first"), at: time(daysAgo: 202))
    scribe.say(try tag("v1", nil), at: time(daysAgo: 201))
    for number in 1...30 { scribe.say(try tag("v1", "\(number)"), at: time(daysAgo: 199, number)) }
    scribe.say(try tag("last", "1"), at: time(daysAgo: 1))
    var rules = NameRules()
    rules.immutableTags = PublicPatterns(["team/*"])
    rules.immutableSince = [.init(repositories: PublicPatterns(["team/*"]), since: time(daysAgo: 200).milliseconds)]
    try await shortened([scribe], rules: rules) { (catalog, _) async throws in
      let left = try await sequences(of: scribe.writer, in: catalog)
      #expect(left.prefix(3) == [2, 3, 13], "the deletion, what stands, and the last twenty")
    }
  }

  @Test func kindsThatAreNotReadAndClaimsThatWaitStay() async throws {
    var scribe = Scribe(9)
    let later = ClaimedName(repository: name, kind: ClaimKind(rawValue: 7), key: [1])
    for number in 1...30 { scribe.say(later, value: nil, at: time(daysAgo: 500, number)) }
    scribe.say(try tag("ahead", nil), at: time(daysAgo: -5))
    scribe.say(try tag("ahead", "x"), at: time(daysAgo: -6))
    try await shortened([scribe]) { (catalog, dropped) async throws in
      #expect(dropped == 0)
      #expect(try await sequences(of: scribe.writer, in: catalog) == Array(1...32))
    }
  }

  /// Whoever pushes meanwhile waits for one of these transactions.
  @Test func muchIsDroppedInManySmallTransactions() async throws {
    var scribe = Scribe(9)
    for number in 1...2_000 { scribe.say(try tag("t\(number % 2)", "\(number)"), at: time(daysAgo: 100, number)) }
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let log = StatementLog()
    try await withCatalog(in: folder, clock: HeldClock(milliseconds: Self.now), trace: log.trace) { catalog in
      _ = try await catalog.admit(try #require(scribe.run()))
      let begun = log.all.count
      #expect(try await catalog.shortenLog().dropped == 1_960)
      let transactions = log.all.dropFirst(begun).split { $0 == "COMMIT" }
        .map { $0.count { $0.hasPrefix("DELETE FROM claim") } }
      #expect(transactions.reduce(0, +) == 1_960 && transactions.max() == 80, "\(transactions)")
      for text in ["t0", "t1"] {
        let history = try await catalog.history(of: try Tag(parsing: text), in: name, limit: 100)
        #expect(history.count == 20, "what can be rolled back to is still there")
      }
    }
  }

  /// What is left is authentic, and whoever gets it ends in the same state.
  @Test func aShortenedLogIsHandedOnWithItsHoles() async throws {
    var scribe = Scribe(9)
    for number in 1...200 {
      scribe.say(try tag("t\(number % 3)", "\(number)"), at: time(daysAgo: 100, number))
    }
    try await shortened([scribe]) { catalog, dropped in
      #expect(dropped == 140)
      let notary = HashNotary(.test())
      for known: Int64 in [0, 50, 199] {
        try await withCatalog(clock: HeldClock(milliseconds: Self.now)) { other in
          if known > 0 { _ = try await other.admit(try #require(scribe.run(upTo: known))) }
          var head = try await other.heads()[scribe.writer] ?? notary.root(of: scribe.writer, in: .none)
          while let run = try await catalog.run(of: scribe.writer, after: head.sequence, byteLimit: 2_000) {
            #expect(run.fault(after: head, notary: notary) == nil)
            guard case .admitted(let next, added: run.claims.count) = try await other.admit(run) else {
              Issue.record("from \(head.sequence)")
              return
            }
            head = next
          }
          #expect(head == scribe.head())
          for text in ["t0", "t1", "t2"] {
            let name = try tag(text, nil).name
            #expect(try await other.standing(name) == (try await catalog.standing(name)))
          }
        }
      }
    }
  }
}
