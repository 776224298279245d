import RegistryCore
import Testing

@Suite struct AnnounceQueryTests {
  private static let hash = "%01%23%45%67%89%AB%cd%ef" + "abcdefghijkl"
  private static let id = "-qB4500-abcdefghijkl"
  private static let least = "info_hash=\(hash)&peer_id=\(id)&port=6881&left=0"

  /// As libtorrent 2 writes it.
  @Test func everyFieldIsRead() throws {
    let query = try AnnounceQuery(
      parsing: "info_hash=\(Self.hash)&peer_id=\(Self.id)&port=6881&uploaded=1&downloaded=2&left=9223372036854775807"
        + "&corrupt=0&key=4A3B&event=started&numwant=70&compact=1&no_peer_id=1&supportcrypto=1&redundant=0")
    #expect(query.infoHash == [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef] + Array("abcdefghijkl".utf8))
    #expect(query.peerID == Array(Self.id.utf8))
    #expect(query.port == 6881)
    #expect((query.uploaded, query.downloaded, query.left) == (1, 2, .max))
    #expect(query.event == .started && query.wanted == 70 && query.isCompact && query.omitsPeerIDs)
    #expect(query.key == Array("4A3B".utf8))
  }

  @Test func whatMayBeMissingHasItsUsualMeaning() throws {
    let query = try AnnounceQuery(parsing: Self.least + "&event=&ip=192.0.2.1&unknown=%zz&unknown=2&&flag")
    #expect((query.uploaded, query.downloaded, query.left) == (0, 0, 0))
    #expect(query.event == nil && query.wanted == AnnounceQuery.usualWanted && query.key == nil)
    #expect(query.isCompact && !query.omitsPeerIDs)
  }

  @Test func moreThanTheMostIsTheMost() throws {
    #expect(try AnnounceQuery(parsing: Self.least + "&numwant=100000").wanted == AnnounceQuery.mostWanted)
    #expect(try AnnounceQuery(parsing: Self.least + "&numwant=0").wanted == 0)
  }

  @Test(arguments: [
    "port=1", "port=", "left=0", "info_hash=x", "peer_id=", "uploaded=1&uploaded=1", "uploaded=-1", "uploaded=+1",
    "uploaded=%2B1", "uploaded=0x1", "uploaded=9223372036854775808", "downloaded=", "downloaded=1.0", "event=over",
    "numwant=-1", "compact=2", "compact=yes", "no_peer_id=%", "no_peer_id=%1", "key=%g0", "key=a+b",
    "key=" + String(repeating: "k", count: 65), "pad=" + String(repeating: "p", count: 4096),
  ])
  func garbageAndWhatIsSaidTwiceAreRefused(_ addition: String) {
    let refusal = #expect(throws: AnnounceRefusal.self) { try AnnounceQuery(parsing: Self.least + "&" + addition) }
    #expect(refusal?.reason.isEmpty == false)
  }

  @Test(arguments: [
    "", "&&&", "info_hash", "info_hash=\(hash)&peer_id=\(id)&port=6881", "info_hash=\(hash)&peer_id=\(id)&left=0",
    "info_hash=\(hash)&port=1&left=0", "peer_id=\(id)&port=1&left=0", "info_hash=\(hash)x&peer_id=\(id)&port=1&left=0",
    "info_hash=\(hash)&peer_id=\(id)&port=0&left=0", "info_hash=\(hash)&peer_id=\(id)&port=65536&left=0",
    "info_hash=aaaaaaaaaaaaaaaaaaa+&peer_id=\(id)&port=1&left=0",
  ])
  func whatIsNeededMustBeThereAndWhole(_ query: String) {
    #expect(throws: AnnounceRefusal.self) { try AnnounceQuery(parsing: query) }
  }

  @Test func aRefusalIsBencoded() {
    #expect(AnnounceRefusal("no such torrent").bencoded == Array("d14:failure reason15:no such torrente".utf8))
  }
}

@Suite struct AnnounceAnswerTests {
  @Test func peersAreCompactByFamily() {
    let answer = AnnounceAnswer(
      interval: 1800, leastInterval: 60, complete: 2, incomplete: 1,
      peers: [
        PeerEndpoint(address: "2.3.4.5", port: 0x4142), PeerEndpoint(address: "::ffff:6.7.8.9", port: 0x4344),
        PeerEndpoint(address: "4142:4344:4546:4748:494a:4b4c:4d4e:4f50", port: 0x5152),
        PeerEndpoint(address: "nobody.example", port: 1), PeerEndpoint(address: "fe80::1%eth0", port: 1),
        PeerEndpoint(address: "1.2.3.4\0.5", port: 1),
      ])
    let expected =
      "d8:completei2e10:incompletei1e8:intervali1800e12:min intervali60e5:peers12:"
      + "\u{2}\u{3}\u{4}\u{5}AB\u{6}\u{7}\u{8}\u{9}CD6:peers618:ABCDEFGHIJKLMNOPQRe"
    #expect(answer.bencoded == Array(expected.utf8))
  }

  @Test func aSwarmOfNobodyHasAnEmptyListOfPeers() {
    let answer = AnnounceAnswer(interval: 1, leastInterval: 1, complete: 0, incomplete: 0, peers: [])
    #expect(
      String(decoding: answer.bencoded, as: UTF8.self)
        == "d8:completei0e10:incompletei0e8:intervali1e12:min intervali1e5:peers0:e")
  }
}

@Suite struct PeerEndpointTextTests {
  @Test(arguments: [
    ("192.0.2.1:6881", "192.0.2.1:6881"), ("[2001:DB8:0::1]:1", "[2001:db8::1]:1"), ("[::1]:65535", "[::1]:65535"),
    ("0.0.0.0:080", "0.0.0.0:80"),
  ])
  func anAddressAndItsPortParse(_ text: String, _ canonical: String) throws {
    #expect(try #require(PeerEndpoint(parsing: text)).description == canonical)
  }

  @Test(arguments: [
    "", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:+1", "1.2.3.4:-1", "1.2.3.4:1 ",
    "1.2.3:1", "01.2.3.4:1", "1.2.3.4.5:1", "::1:1", "[1.2.3.4]:1", "[::1:1", "::1]:1", "[::1]", "[::1%lo]:1", "host:1",
    "[]:1", "1.2.3.4\0:1", "1.2.3.4:000001",
  ])
  func anythingElseIsNoEndpoint(_ text: String) {
    #expect(PeerEndpoint(parsing: text) == nil)
  }
}
