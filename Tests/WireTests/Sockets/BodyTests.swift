import Testing

@testable import Wire

extension Sockets {
  struct BodyTests {
    /// Answers at once, without a look at the body.
    private static let indifferent = ClosureHandler { request, _ in
      Response(status: request.method == .get ? 200 : 401, body: .bytes(Array(request.path.utf8)))
    }

    @Test func continueIsSentWhenTheHandlerPullsAndNotBefore() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "PUT"))
        #expect(try client.readAnswer().status == 100)
        try client.send("ok" + get("/next"))
        #expect(try client.readAnswer().text == "PUT / ok")
        #expect(try client.readAnswer().text == "GET /next")
      }
    }

    @Test func clientWhoWasNotToldToContinueGetsTheAnswerAndTheEnd() async throws {
      try await serving(Self.indifferent) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "PUT"))
        let answer = try client.readAnswer()
        #expect(answer.status == 401)
        #expect(answer.fields["Connection"] == "close")
        #expect(try client.isEndedByServer())
      }
    }

    @Test func continueIsLeftOutWhenTheBodyIsThereAlready() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "PUT") + "ok")
        #expect(try client.readAnswer().text == "PUT / ok")
      }
    }

    @Test func smallUnreadBodyIsPassedOverAndNeverTakenForARequest() async throws {
      try await serving(Self.indifferent) { _, place in
        let client = try RawClient(place)
        let smuggled = get("/smuggled")
        try client.send(get("/a", "Content-Length: \(smuggled.utf8.count)\r\n", method: "PUT") + smuggled + get("/b"))
        #expect(try client.readAnswer().text == "/a")
        #expect(try client.readAnswer().text == "/b")
      }
    }

    @Test func unreadChunkedBodyEndsTheConnection() async throws {
      try await serving(Self.indifferent) { _, place in
        let client = try RawClient(place)
        let put = get("/a", "Transfer-Encoding: chunked\r\n", method: "PUT") + "3\r\nabc\r\n0\r\n\r\n"
        try client.send(put + get("/b"))
        let answer = try client.readAnswer()
        #expect(answer.text == "/a")
        #expect(answer.fields["Connection"] == "close")
        #expect(try client.isEndedByServer())
      }
    }

    /// Clients that send all before they read anything must find the answer, not a reset.
    @Test func answerToALargeUnreadBodyIsReadAfterAllOfItWasSent() async throws {
      try await serving(Self.indifferent) { _, place in
        let client = try RawClient(place)
        try client.send(get("/a", "Content-Length: 67108864\r\n", method: "PUT"))
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        for _ in 0..<64 { try client.send(piece) }
        #expect(try client.readAnswer().text == "/a")
        #expect(try client.isEndedByServer())
      }
    }

    @Test func whatIsDrainedAfterTheAnswerHasABound() async throws {
      var limits = WireLimits()
      limits.lingerBytes = 1 << 20
      try await serving(Self.indifferent, limits: limits) { server, place in
        let client = try RawClient(place)
        try client.send(get("/a", "Content-Length: 1000000000\r\n", method: "PUT"))
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        #expect(throws: RawClient.Failure.reset) { for _ in 0..<900 { try client.send(piece) } }
        #expect(eventually { server.statistics.openConnections == 0 })
      }
    }

    @Test func bodiesOfAnyFramingArriveWholeAndInPiecesWithinTheirBound() async throws {
      let handler = ClosureHandler { _, body in
        var (count, sum, largest) = (0, 0, 0)
        do {
          while let piece = try await body.next() {
            count += piece.count
            largest = max(largest, piece.count)
            for byte in piece { sum &+= Int(byte) }
          }
        } catch {
          return Response(status: 400)
        }
        return Response(status: largest <= 256 << 10 ? 200 : 500, body: .bytes(Array("\(count) \(sum)".utf8)))
      }
      try await serving(handler) { _, place in
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let expected = "\(bytes.count) \(bytes.reduce(0) { $0 + Int($1) })"
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: \(bytes.count)\r\n", method: "PUT"))
        try client.send(bytes)
        #expect(try client.readAnswer().text == expected)
        try client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "PUT"))
        for start in stride(from: 0, to: bytes.count, by: 33_333) {
          let piece = bytes[start..<min(start + 33_333, bytes.count)]
          try client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
        }
        try client.send("0\r\n\r\n" + get("/"))
        #expect(try client.readAnswer().text == expected)
        #expect(try client.readAnswer().text == "0 0")
      }
    }

    @Test(arguments: ["5\nhello\n0\n\n", "5\r\nhelloX0\r\n\r\n", "10000000000000000\r\n", "-1\r\n", "5 \r\nhello\r\n"])
    func malformedChunksReachTheHandlerAsAnErrorAndEndTheConnection(chunks: String) async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "PUT") + chunks + get("/smuggled"))
        let answer = try client.readAnswer()
        #expect((answer.status, answer.text) == (400, "malformed"))
        #expect(try client.isEndedByServer())
      }
    }

    @Test func bodyIsNotReadBeforeSomebodyAsks() async throws {
      let gate = Gate()
      let handler = ClosureHandler { _, body in
        await gate.wait()
        var count = 0
        while let piece = try? await body.next() { count += piece.count }
        return Response(status: 200, body: .bytes(Array("\(count)".utf8)))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 100000000\r\n", method: "PUT"))
        // The kernel's buffers take some of it; then the socket is full, which it would not be if the server read.
        let sent = try client.sendUntilFull(limit: 100_000_000)
        #expect(sent < 50_000_000)
        gate.open()
        try client.send([UInt8](repeating: 0, count: 100_000_000 - sent))
        #expect(try client.readAnswer().text == "100000000")
      }
    }
  }
}
