import BlockingWork
import Testing

@testable import Wire

extension Sockets {
  struct ExchangeTests {
    @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        let put = get("/b", "Content-Length: 3\r\n", method: "PUT") + "xyz"
        let chunked = get("/c", "Transfer-Encoding: chunked\r\n", method: "PATCH") + "2\r\nuv\r\n1\r\nw\r\n0\r\n\r\n"
        try client.send(get("/a") + put + chunked + get("/d"))
        let answers = try (0..<4).map { _ in try client.readAnswer().text }
        #expect(answers == ["GET /a", "PUT /b xyz", "PATCH /c uvw", "GET /d"])
      }
    }

    @Test func aThousandPipelinedRequestsAreAllAnswered() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        try client.send((0..<1_000).map { get("/\($0)") }.joined())
        for number in 0..<1_000 { #expect(try client.readAnswer().text == "GET /\(number)") }
      }
    }

    @Test func requestSentByteByByteIsRead() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        let text = get("/slow", "Transfer-Encoding: chunked\r\n", method: "PUT") + "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n"
        for byte in Array(text.utf8) + Array(get("/next").utf8) { try client.send([byte]) }
        let body = try client.readAnswer().text
        #expect(body.filter { $0 != " " } == "PUT/slowabc")
        #expect(try client.readAnswer().text == "GET /next")
      }
    }

    @Test func headIsAnsweredWithTheLengthAndWithoutTheBody() async throws {
      let handler = ClosureHandler { request, _ in
        Response(status: 200, body: request.path == "/absent" ? .absent(length: 77) : .bytes([1, 2, 3]))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", method: "HEAD") + get("/absent", method: "HEAD") + get("/"))
        #expect(try client.readAnswer(toHead: true).fields["Content-Length"] == "3")
        #expect(try client.readAnswer(toHead: true).fields["Content-Length"] == "77")
        #expect(try client.readAnswer().body == [1, 2, 3])
      }
    }

    @Test(arguments: [204, 304])
    func answersThatHaveNoBodyGetNone(status: Int) async throws {
      try await serving(ClosureHandler { _, _ in Response(status: status, body: .bytes([1, 2, 3])) }) { _, place in
        let client = try RawClient(place)
        try client.send(get("/") + get("/"))
        for _ in 0..<2 {
          let answer = try client.readAnswer()
          #expect(answer.status == status)
          #expect(answer.fields["Content-Length"] == nil)
        }
      }
    }

    @Test func version10ClosesUnlessItIsToldToLiveOn() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let closing = try RawClient(place)
        try closing.send("GET /a HTTP/1.0\r\n\r\n")
        #expect(try closing.readAnswer().fields["Connection"] == "close")
        #expect(try closing.isEndedByServer())
        let living = try RawClient(place)
        try living.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try living.readAnswer().fields["Connection"] == "keep-alive")
        try living.send("GET /b HTTP/1.0\r\n\r\n")
        #expect(try living.readAnswer().text == "GET /b")
      }
    }

    @Test func connectionClosesWhenClientOrHandlerSaysSo() async throws {
      let handler = ClosureHandler { request, _ in
        var response = Response(status: 200)
        response.closesConnection = request.path == "/close"
        return response
      }
      try await serving(handler) { _, place in
        for (target, lines) in [("/", "Connection: close\r\n"), ("/close", "")] {
          let client = try RawClient(place)
          try client.send(get(target, lines))
          #expect(try client.readAnswer().fields["Connection"] == "close")
          #expect(try client.isEndedByServer())
        }
      }
    }

    @Test func handlerThatSuspendsElsewhereComesBackToItsLoop() async throws {
      let pool = BlockingPool(name: "elsewhere", threads: 1)
      let handler = ClosureHandler { _, body in
        let before = onLoopThread()
        await pool.run {}
        let after = onLoopThread()
        return Response(status: 200, body: .bytes(Array("\(before) \(after)".utf8)))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(try client.readAnswer().text == "true true")
      }
      pool.stop()
    }

    /// An actor that answers, and a stream that is one: both run elsewhere and come back.
    private actor Office: Handler, ResponseStream {
      private var pieces = 3

      func respond(to request: Request, body: any RequestBody) async -> Response {
        while let piece = try? await body.next() { pieces += piece.count }
        return Response(status: 200, body: .stream(length: nil, self))
      }

      func next() async throws -> [UInt8]? {
        guard pieces > 0 else { return nil }
        pieces -= 1
        return [UInt8](repeating: 1, count: 1_000)
      }

      func finished(_ request: Request, _ outcome: Exchange) async {}
    }

    @Test func actorsAnswerAndStreamFromTheirOwnExecutor() async throws {
      try await serving(Office()) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 2\r\n", method: "PUT") + "ab" + get("/"))
        #expect(try client.readAnswer().body.count == 5_000)
        #expect(try client.readAnswer().body.count == 0)
      }
    }

    @Test func bodyReadByAnotherTaskIsTheSameBody() async throws {
      let handler = ClosureHandler { _, body in
        // A task of its own, off the loop: bodies may be read from anywhere.
        let reading = Task.detached {
          var count = 0
          while let piece = try await body.next() { count += piece.count }
          return count
        }
        guard let count = try? await reading.value else { return Response(status: 500) }
        return Response(status: 200, body: .bytes(Array("\(count)".utf8)))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 3000000\r\n", method: "PUT"))
        try client.send([UInt8](repeating: 7, count: 3_000_000))
        #expect(try client.readAnswer().text == "3000000")
      }
    }

    @Test func finishedTellsWhatWasReceivedAndSent() async throws {
      let handler = ClosureHandler.echo()
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        let text = get("/b", "Content-Length: 3\r\n", method: "PUT") + "xyz"
        try client.send(text)
        _ = try client.readAnswer()
        #expect(eventually { !handler.exchanges.isEmpty })
        let exchange = try #require(handler.exchanges.first)
        #expect(exchange.status == 200)
        #expect(exchange.bytesReceived == Int64(text.utf8.count))
        #expect(exchange.bytesSent > 10)
        #expect(!exchange.isCut)
      }
    }
  }
}

private func onLoopThread() -> Bool { currentThreadName().hasPrefix("wire-") }
