import Testing

@testable import Wire

struct HeadParserTests {
  // MARK: What is refused, and why

  private static let refused: [(String, HeadRefusal)] = [
    ("GET /\r\n", .versionMissing),
    ("GET /\n", .versionMissing),
    ("GET\r\n", .methodMalformed),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .methodMalformed),
    ("G\u{0}T / HTTP/1.1\r\nHost: a\r\n\r\n", .methodMalformed),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET http://user@a/x HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .targetMalformed),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .versionMalformed),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .versionMalformed),
    ("GET / HTTP/11\r\nHost: a\r\n\r\n", .versionMalformed),
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
    ("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCarriageReturn),
    ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .versionUnsupported),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionUnsupported),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionUnsupported),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareLineFeed),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .methodMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", .spaceBeforeColon),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\t: 1\r\n\r\n", .spaceBeforeColon),
    ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .foldedLine),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
    ("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", .nameMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX(y): 1\r\n\r\n", .nameMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", .nameMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", .bareCarriageReturn),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", .valueMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1B}\r\n\r\n", .valueMalformed),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\r\n\rX", .bareCarriageReturn),
    ("GET / HTTP/1.1\r\n\r\n", .hostMissing),
    ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .hostRepeated),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a:5x\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", .hostMalformed),
    ("GET / HTTP/1.1\r\nHost: a%2Fb\r\n\r\n", .hostMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .lengthRepeated),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", .lengthRepeated),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", .lengthMalformed),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndCoding),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", .lengthAndCoding),
    ("PUT / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .codingInVersion10),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .codingUnsupported),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .codingUnsupported),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", .codingUnsupported),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", .codingUnsupported),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", .codingRepeated),
    ("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", .expectationUnknown),
  ]

  @Test(arguments: refused.indices)
  func ambiguousOrMalformedHeadIsRefusedWithItsReason(index: Int) {
    let (text, reason) = Self.refused[index]
    #expect(throws: reason, "\(text.debugDescription)") { try ParsedHead.read(text) }
  }

  /// A reason that no head brings about would be dead code, but for the two that need other limits.
  @Test func everyReasonIsInTheTable() {
    let seen = Set(Self.refused.map(\.1)).union([.targetTooLong, .headTooLarge, .tooManyFields])
    #expect(seen == Set(HeadRefusal.allCases))
  }

  // MARK: What is read, and how

  @Test func requestLineIsSplitIntoMethodPathAndQuery() throws {
    let text = "GET /v2/a%2Fb?x=1?y HTTP/1.1\r\nHost: a:5000\r\n\r\n"
    let head = try #require(try ParsedHead.read(text + "rest"))
    #expect(head.method == "GET")
    #expect(head.path == "/v2/a%2Fb")
    #expect(head.query == "x=1?y")
    #expect(head.framing == .none)
    #expect(head.keepsAlive)
    #expect(head.byteCount == text.utf8.count)
  }

  @Test func absoluteTargetGivesPathQueryAndAuthority() throws {
    let head = try #require(try ParsedHead.read("GET http://b:80?q HTTP/1.1\r\nHost: a\r\n\r\n"))
    #expect((head.path, head.query, head.authority) == ("", "q", "b:80"))
  }

  @Test func blanksAroundAValueAreNotPartOfIt() throws {
    let head = try #require(try ParsedHead.read("GET / HTTP/1.1\r\nHost: \t a \t\r\nX:\r\nY: \u{E9} b\r\n\r\n"))
    #expect(head.fields.map(\.value) == ["a", "", "\u{E9} b"])
  }

  @Test func oneEmptyLineBeforeTheRequestLineIsPassedOver() throws {
    #expect(try ParsedHead.read("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")?.path == "/")
  }

  private static let persistence: [(String, Bool)] = [
    ("HTTP/1.1\r\n", true), ("HTTP/1.1\r\nConnection: close\r\n", false),
    ("HTTP/1.1\r\nConnection: x ,\tCLOSE\r\n", false),
    ("HTTP/1.1\r\nConnection: closed\r\n", true), ("HTTP/1.1\r\nConnection: a\r\nConnection: close\r\n", false),
    ("HTTP/1.0\r\n", false), ("HTTP/1.0\r\nConnection: Keep-Alive\r\n", true),
    ("HTTP/1.0\r\nConnection: keep-alive, close\r\n", false),
  ]

  @Test(arguments: persistence.indices)
  func connectionLivesOnAsVersionAndFieldSay(index: Int) throws {
    let (lines, keepsAlive) = Self.persistence[index]
    #expect(try ParsedHead.read("GET / \(lines)Host: a\r\n\r\n")?.keepsAlive == keepsAlive, "\(lines.debugDescription)")
  }

  @Test func bodyIsFramedByLengthOrByChunks() throws {
    let start = "PUT / HTTP/1.1\r\nHost: a\r\n"
    #expect(try ParsedHead.read(start + "Content-Length: 007\r\n\r\n")?.framing == .length(7))
    #expect(try ParsedHead.read(start + "Content-Length: 9223372036854775807\r\n\r\n")?.framing == .length(.max))
    #expect(try ParsedHead.read(start + "Content-Length: 0\r\n\r\n")?.framing == RequestHead.Framing.none)
    #expect(try ParsedHead.read(start + "Transfer-Encoding: Chunked\r\n\r\n")?.framing == .chunked)
  }

  @Test func expectationCountsOnlyWithABodyAndInVersion11() throws {
    let lines = "Host: a\r\nExpect: 100-Continue\r\n"
    #expect(try ParsedHead.read("PUT / HTTP/1.1\r\n\(lines)Content-Length: 1\r\n\r\n")?.expectsContinue == true)
    #expect(try ParsedHead.read("PUT / HTTP/1.1\r\n\(lines)\r\n")?.expectsContinue == false)
    #expect(try ParsedHead.read("PUT / HTTP/1.0\r\n\(lines)Content-Length: 1\r\n\r\n")?.expectsContinue == false)
  }

  // MARK: Pieces and limits

  @Test func everyProperPrefixOfAGoodHeadIsIncomplete() throws {
    for text in RealHeads.all {
      let bytes = Array(text.utf8)
      for count in 0..<bytes.count {
        #expect(try ParsedHead.read(Array(bytes[..<count])) == nil, "\(count) bytes of \(text.debugDescription)")
      }
      #expect(try ParsedHead.read(bytes)?.byteCount == bytes.count)
    }
  }

  @Test func headOverItsLimitIsRefusedWholeOrInPieces() {
    var limits = WireLimits()
    limits.headBytes = 100
    let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
    let fitting = start + String(repeating: "x", count: 100 - start.utf8.count - 4) + "\r\n\r\n"
    #expect(throws: Never.self) { try #require(try ParsedHead.read(fitting, limits: limits)) }
    let larger = start + String(repeating: "x", count: 101 - start.utf8.count - 4) + "\r\n\r\n"
    #expect(throws: HeadRefusal.headTooLarge) { try ParsedHead.read(larger, limits: limits) }
    #expect(throws: HeadRefusal.headTooLarge) {
      try ParsedHead.read(start + String(repeating: "x", count: 100), limits: limits)
    }
  }

  @Test func targetOverItsLimitIsRefused() {
    var limits = WireLimits()
    limits.targetBytes = 10
    #expect(throws: Never.self) {
      try #require(try ParsedHead.read("GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits))
    }
    #expect(throws: HeadRefusal.targetTooLong) { try ParsedHead.read("GET /1234567890", limits: limits) }
  }

  @Test func oneFieldTooManyIsRefused() {
    let start = "GET / HTTP/1.1\r\nHost: a\r\n"
    let full = start + String(repeating: "X: y\r\n", count: 99)
    #expect(throws: Never.self) { try #require(try ParsedHead.read(full + "\r\n")) }
    #expect(throws: HeadRefusal.tooManyFields) { try ParsedHead.read(full + "X: y\r\n\r\n") }
  }
}
