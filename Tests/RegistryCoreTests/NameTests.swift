import RegistryCore
import Testing

@Suite struct RepositoryNameTests {
  @Test(arguments: [
    "a", "0", "library/debian", "a/b/c/d/e", "a.b", "a_b", "a__b", "a-b", "a---b", "a.b_c__d-e/f", "00/11",
    "xn--bcher-kva.example/app", "localhost/x", String(repeating: "a", count: 255),
    String(repeating: "a/", count: 127) + "b", "v2/blobs/uploads", "a-------------------------------b",
  ])
  func wellFormedNamesParse(_ text: String) throws {
    #expect(try RepositoryName(parsing: text).text == text)
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", ".", "..", "../etc", "a/../b", "a/./b", "a..b", "a.-b", "a._b", "a___b", "a_", "_a",
    "-a", "a-", ".a", "a.", "A", "a/B", "a b", "a\tb", "a\0", "a%2fb", "a:b", "a@b", "é", "a\u{301}", "a\n", "\\",
    "a\\b",
    "a/.b", "a/b.", "a-/b", "a/-b", "a/_b", "a+b", "a~b", "a,b", "а", String(repeating: "a", count: 256),
    String(repeating: "a/", count: 128), "a-_b", "a_-b", "a__-b", "a____b",
  ])
  func whatIsNoNameIsRefused(_ text: String) {
    let error = #expect(throws: RegistryError.self) { try RepositoryName(parsing: text) }
    #expect(error?.code == .nameInvalid)
  }

  /// The specification's own pattern, tried on every text over a small alphabet.
  @Test func everyShortTextIsJudgedAsTheSpecificationsPatternDoes() throws {
    let pattern = /[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*/
    var texts = [""]
    for _ in 0..<6 {
      for text in texts {
        let isName = (try? RepositoryName(parsing: text)) != nil
        #expect(isName == (text.wholeMatch(of: pattern) != nil), "\(text)")
      }
      texts = texts.flatMap { text in ["a", ".", "_", "-", "/"].map { text + $0 } }
    }
  }

  @Test func namesSortByTheirBytes() throws {
    let texts = ["a", "a-b", "a.b", "a/b", "a0", "a_b", "b"]
    #expect(try texts.reversed().map { try RepositoryName(parsing: $0) }.sorted().map(\.text) == texts)
  }
}

@Suite struct TagTests {
  @Test(arguments: [
    "latest", "1", "_", "__", "v1.2.3", "A", "a-", "a.", "a..b", "1.0-rc.1_x", String(repeating: "x", count: 128),
    "sha256", "0123456789abcdef",
  ])
  func wellFormedTagsParse(_ text: String) throws {
    #expect(try Tag(parsing: text).text == text)
  }

  @Test(arguments: [
    "", ".", "-", ".a", "-a", "a b", "a/b", "a:b", "a@b", "a+b", "é", "a\u{301}", "a\0", "a\n", "../a", "a%20", "'",
    "*",
    String(repeating: "x", count: 129),
  ])
  func whatIsNoTagIsRefused(_ text: String) {
    let error = #expect(throws: RegistryError.self) { try Tag(parsing: text) }
    #expect(error?.code == .tagInvalid)
  }

  @Test func everyCharacterIsJudgedAsTheSpecificationsPatternDoes() {
    let pattern = /[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}/
    for byte in UInt8.min..<128 {
      let character = String(UnicodeScalar(byte))
      for text in [character, "a\(character)", "a\(character)b"] {
        #expect(((try? Tag(parsing: text)) != nil) == (text.wholeMatch(of: pattern) != nil), "byte \(byte)")
      }
    }
  }

  @Test func tagsSortByTheirBytes() throws {
    let texts = ["1", "A", "B", "_", "a", "a-1", "a.1", "a1", "a_1"]
    #expect(try texts.reversed().map { try Tag(parsing: $0) }.sorted().map(\.text) == texts)
  }

  @Test func aReferenceWithAColonWasMeantAsADigest() throws {
    #expect(try Reference(parsing: "latest") == .tag(try Tag(parsing: "latest")))
    let digest = "sha256:\(DigestTests.sha256)"
    #expect(try Reference(parsing: digest) == .digest(try Digest(parsing: digest)))
    #expect(try Reference(parsing: digest).description == digest)
    let wrong = #expect(throws: RegistryError.self) { try Reference(parsing: "sha256:12") }
    #expect(wrong?.code == .digestInvalid)
    let bad = #expect(throws: RegistryError.self) { try Reference(parsing: "a b") }
    #expect(bad?.code == .tagInvalid)
  }
}

@Suite struct UploadIDTests {
  @Test func onlyThirtyTwoLowercaseHexDigitsAreAnID() throws {
    let id = UploadID(random: Array(0..<16))
    #expect(try UploadID(parsing: id.text) == id && id.text == "000102030405060708090a0b0c0d0e0f")
    for text in ["", "../x", id.text.uppercased(), id.text + "0", String(id.text.dropLast()), "\(id.text.dropLast())/"]
    {
      let error = #expect(throws: RegistryError.self) { try UploadID(parsing: text) }
      #expect(error?.code == .uploadUnknown)
    }
  }
}

@Suite struct MediaTypeTests {
  @Test(arguments: [
    ("application/json", "application/json"), ("application/json; charset=utf-8", "application/json"),
    ("  application/json\t;x", "application/json"), ("a/b", "a/b"),
    ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.manifest.v1+json"),
    ("APPLICATION/Json", "APPLICATION/Json"), ("a!#$&-^_.+/0", "a!#$&-^_.+/0"),
  ])
  func mediaTypesParseWithoutTheirParameters(_ text: String, _ expected: String) {
    #expect(MediaType(parsing: text)?.text == expected)
  }

  @Test(arguments: [
    "", "/", "a", "a/", "/b", "a/b/c", "a /b", "a/b c", "a/\"b\"", "a/b\r\nX: y", "a/é", "a/b\0", ";", "a;/b", "text/*",
    "a/" + String(repeating: "b", count: 128),
  ])
  func whatIsNoMediaTypeIsNone(_ text: String) {
    #expect(MediaType(parsing: text) == nil)
  }

  @Test func layersThatLiveElsewhereAreKnownByTheirType() {
    let elsewhere = [
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      "application/vnd.oci.image.layer.nondistributable.v1.tar",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ]
    #expect(elsewhere.allSatisfy { MediaType(parsing: $0)?.isNonDistributable == true })
    #expect(MediaType(parsing: "application/vnd.oci.image.layer.v1.tar+gzip")?.isNonDistributable == false)
  }
}

@Suite struct HybridTimeTests {
  @Test func laterClaimsCompareGreaterAlsoWhenTheWallClockStandsOrStepsBack() {
    var time = HybridTime(rawValue: 0)
    for now: Int64 in [1_000, 1_000, 1_000, 999, 0, -5, 1_001, 1_000, 2_000] {
      let next = time.next(wallClockMilliseconds: now)
      #expect(next > time && next.milliseconds >= now)
      time = next
    }
    #expect(time == HybridTime(milliseconds: 2_000))
  }

  @Test func manyClaimsInAMillisecondRunIntoTheNextAndStayInOrder() {
    var time = HybridTime(milliseconds: 7)
    for _ in 0..<70_000 { time = time.next(wallClockMilliseconds: 7) }
    #expect(time.rawValue == HybridTime(milliseconds: 7).rawValue + 70_000 && time.milliseconds == 8)
  }

  @Test func aNodeIDHasThirtyTwoBytes() {
    #expect(NodeID([]) == nil && NodeID(Array(repeating: 1, count: 31)) == nil)
    #expect(NodeID(Array(repeating: 255, count: 32))?.description == String(repeating: "f", count: 64))
  }
}
