import RegistryCore
import Testing

@testable import FleetCore

@Suite struct FleetRecordTests {
  private let bench = FleetBench()

  @Test func aRecordComesBackAsItWasWritten() throws {
    let statements: [FleetRecord.Statement] = [
      bench.membership(1), bench.membership(1, isMember: false, life: 7, limits: [1: 0, 3: 9, 2: .max]),
      .issuer(node(1), Issuance(life: 1, mayIssue: true)), .issuer(node(1), Issuance(life: 2, mayIssue: false)),
      .policy(FleetPolicy()), .other(subject: "later", content: [0, 255]),
    ]
    for statement in statements {
      let record = bench.record(3, statement)
      let read = try #require(FleetRecord(bytes: record.bytes))
      #expect(read == record && read.statement == statement && read.bytes == record.bytes)
      #expect(read.isSigned(by: key(0), FleetBench.notary) && !read.isSigned(by: key(1), FleetBench.notary))
    }
  }

  @Test func noPartOfARecordAndNothingMoreIsARecord() {
    let bytes = bench.record(3, bench.membership(1, limits: [1: 5])).bytes
    for length in 0..<bytes.count { #expect(FleetRecord(bytes: bytes.prefix(length)) == nil) }
    #expect(FleetRecord(bytes: bytes + [0]) == nil)
  }

  @Test func everyBitOfARecordMatters() {
    let record = bench.record(3, bench.membership(1))
    for place in record.bytes.indices {
      var bytes = record.bytes
      bytes[place] ^= 1
      guard let read = FleetRecord(bytes: bytes) else { continue }
      #expect(!read.isSigned(by: key(0), FleetBench.notary), "byte \(place) may be changed")
    }
  }

  /// A body with one entry changed; `nil` takes it away.
  private func body(_ key: BencodeValue.Key? = nil, _ value: BencodeValue? = nil) -> [UInt8] {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "content": .bytes(Array("d6:issueri1e4:lifei1ee".utf8)), "fleet": .bytes(bench.directory.fleet.bytes),
      "issuer": .bytes(node(1).bytes), "number": .integer(1), "subject": .text("issuer/\(node(1))"),
      "time": .integer(0),
    ]
    if let key { entries[key] = value }
    return BencodeValue.dictionary(entries).encoded
  }

  private func read(_ body: [UInt8]) -> FleetRecord? {
    FleetRecord(bytes: body + [UInt8](repeating: 0, count: Signed.signatureByteCount))
  }

  @Test func whatIsMissingOrOutOfBoundsIsNoRecord() {
    #expect(read(body()) != nil)
    #expect(read(body("later", .list([]))) != nil, "what a later release adds is passed over")
    let bad: [(BencodeValue.Key, BencodeValue?)] = [
      ("content", nil), ("fleet", nil), ("issuer", nil), ("number", nil), ("subject", nil), ("time", nil),
      ("number", .integer(0)), ("number", .integer(-1)), ("number", .integer(.max)), ("number", .text("1")),
      ("number", .integer(FleetRecord.numberLimit + 1)), ("time", .integer(-1)), ("fleet", .bytes([1])),
      ("issuer", .bytes([UInt8](repeating: 0, count: 33))), ("subject", .text("")), ("subject", .text("a b")),
      ("subject", .text("issuer/")), ("subject", .text("issuer/ab")), ("subject", .text("member/\(node(1))")),
      ("subject", .text("issuer/" + node(1).description.uppercased())),
      ("subject", .text(String(repeating: "x", count: 201))), ("subject", .text("caf\u{e9}")),
      ("content", .bytes([])), ("content", .bytes(Array("d6:issueri2e4:lifei1ee".utf8))),
      ("content", .bytes(Array("d6:issueri1e4:lifei0ee".utf8))), ("content", .bytes(Array("d6:issueri1ee".utf8))),
      ("content", .bytes([UInt8](repeating: 0, count: FleetRecord.contentByteLimit + 1))),
    ]
    for (key, value) in bad { #expect(read(body(key, value)) == nil, "\(key) \(String(describing: value))") }
  }

  @Test func aRecordHasALongestLength() {
    let limit = FleetRecord.contentByteLimit
    let longest = bench.record(1, .other(subject: "x", content: [UInt8](repeating: 1, count: limit)))
    #expect(FleetRecord(bytes: longest.bytes) == longest)
    let longer = bench.record(1, .other(subject: "x", content: [UInt8](repeating: 1, count: limit + 1)))
    #expect(FleetRecord(bytes: longer.bytes) == nil)
  }

  @Test(arguments: [
    "", "de", "d3:keyi1ee", "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsle6:memberi1ee",
    "d3:key31:0123456789abcdef0123456789abcde4:lifei1e6:limitsle6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei0e6:limitsle6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei4294967296e6:limitsle6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsli1ee6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsli0ei1ee6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsli1ei-1ee6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsli2ei1ei1ei1ee6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsli1ei1ei1ei1ee6:memberi1e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsle6:memberi2e4:name1:ae",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsle6:memberi1e4:name0:e",
    "d3:key32:0123456789abcdef0123456789abcdef4:lifei1e6:limitsle6:memberi1e4:name1:-e",
  ])
  func whatIsNoMembershipIsRefused(_ content: String) {
    #expect(Membership(content: Array(content.utf8)[...]) == nil)
  }

  @Test func aMembershipIsReadWithWhatALaterReleaseAdds() {
    let content = "d3:key32:0123456789abcdef0123456789abcdef5:laterle4:lifei1e6:limitsli1ei0ee6:memberi1e4:name1:ae"
    #expect(Membership(content: Array(content.utf8)[...])?.limits == [1: 0])
  }

  @Test func asManyEpochsAsARecordHoldsFitIntoIt() throws {
    let limits = Dictionary(uniqueKeysWithValues: (1...Membership.epochLimit).map { (Int64($0), Int64.max) })
    let record = bench.record(1, bench.membership(1, isMember: false, limits: limits))
    #expect(FleetRecord(bytes: record.bytes) == record)
    let more = limits.merging([Int64.max: 1]) { one, _ in one }
    #expect(Membership(key: key(1), name: name("a"), isMember: false, life: 1, limits: more) == nil)
  }
}
