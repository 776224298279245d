import RegistryCore
import Testing

@testable import FleetCore

@Suite struct MemberCardTests {
  private var bench = FleetBench()

  @Test func aCardComesBackAsItWasWritten() throws {
    let cards = [
      bench.card(1),
      bench.card(
        2, incarnation: 9, addresses: ["[2001:db8::1]:6001", "node-a.example:1", "10.0.0.1:65535"], zone: "a/b"),
    ]
    for card in cards {
      let read = try #require(MemberCard(bytes: card.bytes))
      #expect(read == card && read.draft == card.draft)
      for length in 0..<card.bytes.count { #expect(MemberCard(bytes: card.bytes.prefix(length)) == nil) }
    }
  }

  /// A body with one entry changed; `nil` takes it away.
  private func read(_ key: BencodeValue.Key? = nil, _ value: BencodeValue? = nil) -> MemberCard? {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "addresses": .list([.text("192.0.2.1:1")]), "fleet": .bytes(bench.directory.fleet.bytes),
      "incarnation": .integer(1), "name": .text("a"), "node": .bytes(node(1).bytes), "release": .text("1.0"),
      "versions": .list([.integer(1), .integer(2)]),
    ]
    if let key { entries[key] = value }
    return MemberCard(bytes: BencodeValue.dictionary(entries).encoded + [UInt8](repeating: 0, count: 64))
  }

  @Test func whatIsMissingOrOutOfBoundsIsNoCard() {
    #expect(read() != nil && read("zone", .text("a/b")) != nil && read("later", .list([])) != nil)
    let nine = (1...9).map { BencodeValue.text("192.0.2.\($0):1") }
    let bad: [(BencodeValue.Key, BencodeValue?)] = [
      ("addresses", nil), ("fleet", nil), ("incarnation", nil), ("name", nil), ("node", nil), ("release", nil),
      ("versions", nil), ("addresses", .list([])), ("addresses", .list(nine)), ("addresses", .list([.text("a")])),
      ("addresses", .list([.text("192.0.2.1:1"), .text("192.0.2.1:1")])), ("addresses", .list([.text("A.example:1")])),
      ("addresses", .list([.text("[2001:DB8::1]:1")])), ("addresses", .list([.integer(1)])),
      ("incarnation", .integer(0)), ("incarnation", .integer(.max)), ("name", .text("a b")), ("node", .bytes([])),
      ("release", .text("")), ("release", .text("1\n")), ("release", .text(String(repeating: "1", count: 65))),
      ("versions", .list([.integer(1)])), ("versions", .list([.integer(2), .integer(1)])),
      ("versions", .list([.integer(0), .integer(1)])), ("versions", .list([.integer(1), .integer(65_536)])),
      ("zone", .text("")), ("zone", .text("a//b")), ("zone", .integer(1)),
      ("later", .bytes([UInt8](repeating: 0, count: MemberCard.byteLimit))),
    ]
    for (key, value) in bad { #expect(read(key, value) == nil, "\(key) \(String(describing: value))") }
  }

  @Test mutating func theHighestIncarnationStands() throws {
    try bench.admit(1)
    var book = CardBook()
    let (old, new) = (bench.card(1, incarnation: 1), bench.card(1, incarnation: 2, addresses: ["a.example:1"]))
    #expect(book.take(old, directory: bench.directory, notary: FleetBench.notary) == .new)
    #expect(book.take(new, directory: bench.directory, notary: FleetBench.notary) == .new)
    #expect(book.take(old, directory: bench.directory, notary: FleetBench.notary) == .known)
    #expect(book.take(new, directory: bench.directory, notary: FleetBench.notary) == .known)
    #expect(book[node(1)] == new && book.count == 1)
  }

  @Test mutating func cardsOfStrangersAndForgedOnesAreDropped() throws {
    try bench.admit(1)
    var book = CardBook()
    let foreign = bench.card(1, fleet: FleetID.none)
    #expect(book.take(bench.card(2), directory: bench.directory, notary: FleetBench.notary) == .refused(.stranger))
    #expect(book.take(foreign, directory: bench.directory, notary: FleetBench.notary) == .refused(.otherFleet))
    let forged = bench.card(1, signer: 2)
    #expect(book.take(forged, directory: bench.directory, notary: FleetBench.notary) == .refused(.forged))
    #expect(book.take(bench.card(1), directory: bench.directory, notary: FleetBench.notary) == .new)
    try bench.remove(1)
    #expect(
      book.take(bench.card(1, incarnation: 2), directory: bench.directory, notary: FleetBench.notary)
        == .refused(.stranger))
    #expect(book.drop(strangersTo: bench.directory) == [node(1)])
    #expect(book.count == 0 && book.digest == DirectoryDigest() && book.summary == ShelfSums())
  }

  @Test(arguments: 0..<10) mutating func theSameCardsInAnyOrderMakeTheSameBook(seed: UInt64) throws {
    var chance = SeededChance(seed: seed)
    for number in 1...6 { try bench.admit(number) }
    let cards = (0..<60).map { _ in
      bench.card(
        Int.random(in: 1...6, using: &chance), incarnation: Int64.random(in: 1...3, using: &chance),
        addresses: ["192.0.2.\(Int.random(in: 1...9, using: &chance)):1"])
    }
    var books = [CardBook(), CardBook()]
    for place in books.indices {
      for card in (cards + cards).shuffled(using: &chance) {
        _ = books[place].take(card, directory: bench.directory, notary: FleetBench.notary)
      }
    }
    #expect(books[0].all == books[1].all && books[0].digest == books[1].digest)
    var fresh = CardBook()
    while fresh.digest != books[0].digest {
      let news = books[0].news(for: fresh.summary, byteLimit: 500, turn: chance.next())
      #expect(!news.isEmpty && news.count <= 2)
      for card in news { _ = fresh.take(card, directory: bench.directory, notary: FleetBench.notary) }
    }
  }

  @Test(arguments: [
    "192.0.2.1:6001", "[2001:db8::1]:6001", "127.0.0.1:1", "[::1]:65535", "localhost:80", "a.b.example:443",
    "xn--caf-dma.example:1", "1a.example:1", "10.example:80",
  ])
  func anAddressIsTakenAsItStands(_ text: String) { #expect(MemberAddress(parsing: text)?.description == text) }

  @Test(arguments: [
    "", ":", "a", "a:", ":1", "a:0", "a:01", "a:65536", "a:1:2", "a b:1", "-a:1", "a-:1", "a..b:1", ".a:1", "a.:1",
    "1.2.3:1", "1.2.3.4.5:1", "256.1.1.1:1", "0x7f.1:1", "1:1", "0.0.0.0:1", "[::]:1", "224.0.0.1:1", "[ff02::1]:1",
    "255.255.255.255:1", "::1:80", "[::1]", "[a]:1", "[192.0.2.1]:1", "a_b:1", "a/b:1", "a@b:1", "café:1", "a:1\n",
    "a\0:1", "http://a:1", "[fe80::1%eth0]:1",
  ])
  func whatIsNoAddressIsRefused(_ text: String) { #expect(MemberAddress(parsing: text) == nil) }

  @Test func addressesHaveOneSpelling() {
    #expect(MemberAddress(parsing: "Node-A.Example:1")?.description == "node-a.example:1")
    #expect(MemberAddress(parsing: "[2001:DB8:0::1]:1")?.description == "[2001:db8::1]:1")
    let longest = Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".") + ".b"
    #expect(MemberAddress(parsing: longest + ":1") != nil)
    #expect(MemberAddress(parsing: "aa." + longest + ":1") == nil)
  }

  @Test func zonesAreNearByWhatTheyHaveInCommon() {
    func distance(_ one: String, _ other: String) -> Int { Zone.distance(Zone(parsing: one), Zone(parsing: other)) }
    #expect(distance("a/b", "a/b") == 0)
    #expect(distance("a/b", "a/c") == 1)
    #expect(distance("a", "a/c") == 1)
    #expect(distance("a/b", "c/b") == 2)
    #expect(distance("a/b/c/d", "a/b") == 2)
    #expect(Zone.distance(nil, Zone(parsing: "a")) == 4 && Zone.distance(nil, nil) == 4)
    for bad in ["", "/", "a/", "/a", "A", "a b", "a/b/c/d/e", ".", "a/..", String(repeating: "a", count: 129)] {
      #expect(Zone(parsing: bad) == nil, "\(bad)")
    }
  }

  @Test func twoReleasesSpeakTheHighestVersionThatBothKnow() {
    func versions(_ lowest: Int64, _ highest: Int64) -> ProtocolVersions {
      ProtocolVersions(lowest: lowest, highest: highest)!
    }
    #expect(versions(1, 3).common(with: versions(2, 5)) == 3)
    #expect(versions(2, 5).common(with: versions(1, 3)) == 3)
    #expect(versions(1, 1).common(with: versions(2, 2)) == nil)
    #expect(versions(4, 5).common(with: versions(1, 3)) == nil)
  }
}
