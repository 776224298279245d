import Testing

@testable import Wire

extension Sockets {
  /// Requests that two servers in a row might read in two ways. Each is refused and its connection ends, so that what
  /// is hidden behind it is never taken for a request.
  struct SmugglingTests {
    private static let probes: [(String, status: Int)] = [
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 44\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
      ("PUT / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
      ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
      ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\u{0B}chunked\r\n\r\n0\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n : 44\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\nContent-Length: 44\r\n\r\n", 400),
      ("PUT / HTTP/1.1\r\nHost: a\rContent-Length: 44\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", 400),
      ("GET /\r\n", 400),
      ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
      ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
      ("GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 33_000))\r\n\r\n", 431),
      ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n", 431),
      ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: the unexpected\r\n\r\n", 417),
    ]

    @Test(arguments: probes.indices)
    func ambiguousRequestIsRefusedAndNothingBehindItIsAnswered(index: Int) async throws {
      let (probe, status) = Self.probes[index]
      let handler = ClosureHandler.echo()
      try await serving(handler) { server, place in
        let client = try RawClient(place)
        try client.send(get("/before") + probe + get("/smuggled"))
        #expect(try client.readAnswer().text == "GET /before")
        let answer = try client.readAnswer()
        #expect(answer.status == status)
        #expect(answer.fields["Connection"] == "close")
        #expect(try client.isEndedByServer())
        #expect(handler.exchanges.count == 1)
        #expect(server.statistics.refusedHeads == 1)
      }
    }

    @Test func upgradeToVersion2IsAnsweredInVersion1() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        let lines = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        try client.send(get("/a", lines) + get("/b"))
        #expect(try client.readAnswer().text == "GET /a")
        #expect(try client.readAnswer().text == "GET /b")
      }
    }
  }
}
