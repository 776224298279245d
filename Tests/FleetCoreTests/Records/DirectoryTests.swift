import FleetCore
import RegistryCore
import Testing

@Suite struct DirectoryTests {
  private var bench = FleetBench()

  @Test mutating func whoIsLetInBelongsAndWhoIsPutOutDoesNot() throws {
    #expect(bench.take(bench.record(1, bench.membership(1))) == .new)
    #expect(bench.directory.isMember(node(1)) && Array(bench.directory.members) == [node(1)])
    try bench.remove(1)
    #expect(!bench.directory.isMember(node(1)) && bench.directory.members.isEmpty)
    #expect(bench.directory.key(of: node(1)) == key(1), "what it wrote can be checked no more")
  }

  @Test mutating func whatStandsAlreadyIsKnown() {
    let record = bench.record(1, bench.membership(1))
    #expect(bench.take(record) == .new)
    #expect(bench.take(record) == .known)
    #expect(bench.take(bench.record(2, bench.membership(1))) == .new)
    #expect(bench.take(record) == .known)
  }

  @Test mutating func whatTheFleetsKeyDidNotSignIsRefused() {
    #expect(bench.take(bench.record(1, bench.membership(1), by: key(1))) == .refused(.forged))
    let other = key(9).fleet(FleetBench.notary)
    #expect(bench.take(bench.record(1, bench.membership(1), fleet: other)) == .refused(.otherFleet))
    #expect(bench.take(bench.record(1, bench.membership(1), fleet: other, by: key(9))) == .refused(.otherFleet))
    let stolen = Membership(key: key(2), name: name("b"), isMember: true, life: 1)!
    #expect(bench.take(bench.record(1, .member(node(1), stolen))) == .refused(.otherKey))
    #expect(bench.directory.records.isEmpty && bench.directory.digest == DirectoryDigest())
  }

  @Test mutating func aRemovalIsNotUndoneByWhoHasNotHeardOfIt() throws {
    try bench.admit(1)
    let unaware = bench.record(50, bench.membership(1))
    try bench.remove(1)
    #expect(bench.take(unaware) == .known)
    #expect(!bench.directory.isMember(node(1)))
    try bench.admit(1)
    #expect(bench.directory.isMember(node(1)))
    #expect(bench.directory.membership(of: node(1))?.life == 2)
  }

  @Test mutating func whatARemovalCutOffStaysCutOff() throws {
    try bench.admit(1)
    try bench.remove(1, lastTaken: [1: 10, 2: 20])
    var rules = bench.directory.nameRules
    #expect(rules.removed == [node(1)])
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 2)) == 20)
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 3)) == 0)

    try bench.admit(1)
    rules = bench.directory.nameRules
    #expect(rules.removed.isEmpty)
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 1)) == 10)
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 3)) == .max)

    try bench.remove(1, lastTaken: [1: 15, 3: 5])
    rules = bench.directory.nameRules
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 1)) == 10)
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 3)) == 5)
  }

  @Test mutating func whoBeginsThousandsOfEpochsIsPutOutAllTheSame() throws {
    try bench.admit(1)
    try bench.remove(1, lastTaken: Dictionary(uniqueKeysWithValues: (1...5000).map { (Int64($0), 7) }))
    let rules = bench.directory.nameRules
    #expect(!bench.directory.isMember(node(1)))
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 2000)) == 7)
    #expect(rules.limit(of: WriterID(node: node(1), epoch: 2001)) == 0)
  }

  @Test mutating func leaveToLetOthersInEndsWithTheLifeItWasGivenFor() throws {
    try bench.admit(1)
    bench.take(bench.signed(try bench.directory.issuance(of: node(1), mayIssue: true, by: node(1), at: 1)))
    #expect(bench.directory.isIssuer(node(1)) && Array(bench.directory.issuers) == [node(1)])
    try bench.remove(1)
    #expect(!bench.directory.isIssuer(node(1)))
    try bench.admit(1)
    #expect(!bench.directory.isIssuer(node(1)))
    bench.take(bench.signed(try bench.directory.issuance(of: node(1), mayIssue: true, by: node(1), at: 1)))
    #expect(bench.directory.isIssuer(node(1)))
    bench.take(bench.signed(try bench.directory.issuance(of: node(1), mayIssue: false, by: node(1), at: 1)))
    #expect(!bench.directory.isIssuer(node(1)) && bench.directory.isMember(node(1)))
  }

  @Test mutating func aSubjectOfALaterReleaseIsKeptAndHandedOn() throws {
    let record = bench.record(1, .other(subject: "quota/team", content: Array("whatever".utf8)))
    #expect(bench.take(record) == .new)
    #expect(bench.directory.records == [record])
    #expect(bench.directory.news(for: ShelfSums(), byteLimit: 1000, turn: 0).records == [record])
  }

  @Test mutating func draftsAreNumberedAboveAllThatIsKnown() throws {
    bench.take(bench.record(41, .other(subject: "x", content: [])))
    #expect(try bench.admit(1).number == 42)
    #expect(throws: Directory.DraftFault.alreadyMember) { try bench.admit(1) }
    #expect(throws: Directory.DraftFault.notMember) { try bench.remove(2) }
    #expect(throws: Directory.DraftFault.notMember) {
      try bench.directory.issuance(of: node(2), mayIssue: true, by: node(1), at: 1)
    }
    let last = bench.record(FleetRecord.numberLimit, .other(subject: "y", content: []))
    #expect(bench.take(last) == .new)
    #expect(throws: Directory.DraftFault.outOfBounds) { try bench.admit(3) }
  }

  @Test mutating func membersAreFoundByName() throws {
    try bench.admit(1)
    try bench.admit(2)
    #expect(bench.directory.members(named: name("node-2")) == [node(2)])
    #expect(bench.directory.members(named: name("node-3")) == [])
  }

  @Test mutating func thePolicyStandsByItsNumber() throws {
    try bench.admit(1)
    var rules = PolicyRules()
    rules.immutableTags = PublicPatterns(["releases/**"])
    let draft = try bench.directory.policy(FleetPolicy(rules, text: "# mine"), by: node(1), at: 1)
    #expect(bench.take(bench.signed(draft)) == .new)
    #expect(bench.directory.policy.text == "# mine")
    #expect(bench.directory.nameRules.immutableTags == PublicPatterns(["releases/**"]))
    #expect(bench.take(bench.record(1, .policy(FleetPolicy()))) == .known)
    #expect(bench.take(bench.record(9, .policy(FleetPolicy()))) == .new)
    #expect(bench.directory.nameRules == NameRules())
  }

  @Test mutating func whatIsRestoredNeedsNoSignatureAndTheRestOfTheRules() throws {
    let unsigned = bench.record(1, bench.membership(1), by: key(5))
    #expect(bench.directory.restore(unsigned, notary: FleetBench.notary) == .new)
    let foreign = bench.record(1, bench.membership(2), fleet: FleetID.none)
    #expect(bench.directory.restore(foreign, notary: FleetBench.notary) == .refused(.otherFleet))
  }

  @Test mutating func subjectsOfLaterReleasesAreBounded() {
    for number in 0..<1024 {
      let record = bench.record(1, .other(subject: "later/\(number)", content: []))
      #expect(bench.take(record) == .new)
    }
    #expect(bench.take(bench.record(1, .other(subject: "later/1024", content: []))) == .refused(.full))
    #expect(bench.take(bench.record(2, .other(subject: "later/7", content: []))) == .new)
  }
}
