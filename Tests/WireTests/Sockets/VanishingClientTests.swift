import Testing

@testable import Wire

extension Sockets {
  struct VanishingClientTests {
    @Test func clientsThatVanishMidBodyOrMidAnswerLeaveNoSocketBehind() async {
      // In a process of its own: the descriptors that are counted are the process's.
      await #expect(processExitsWith: .success) {
        let before = openDescriptorCount()
        let bytes = patterned(10_000_000)
        let handler = ClosureHandler { request, body in
          if request.method == .get { return Response(status: 200, body: .bytes(bytes)) }
          do {
            while try await body.next() != nil {}
            return Response(status: 200)
          } catch {
            return Response(status: 400)
          }
        }
        try await serving(handler) { server, place in
          for round in 0..<40 {
            let client = try RawClient(place)
            if round % 2 == 0 {
              try client.send(get("/", "Content-Length: 1000000\r\n", method: "PUT") + "some")
            } else {
              try client.send(get("/"))
              _ = try client.receiveSome()
            }
            if round % 4 < 2 { client.vanish() }
          }
          #expect(eventually { server.statistics.openConnections == 0 && handler.exchanges.count == 40 })
          #expect(handler.exchanges.filter(\.isCut).count >= 20)
          // Only the listener and two loops are left.
          #expect(eventually { openDescriptorCount() <= before + 3 })
        }
        #expect(eventually { openDescriptorCount() <= before })
      }
    }

    @Test func bodyThatEndsEarlyIsADisconnectionAndNoEnd() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        for text in [
          get("/", "Content-Length: 10\r\n", method: "PUT") + "short",
          get("/", "Transfer-Encoding: chunked\r\n", method: "PUT") + "5\r\nhello\r\n",
        ] {
          let client = try RawClient(place)
          try client.send(text)
          client.endSending()
          let answer = try client.readAnswer()
          #expect((answer.status, answer.text) == (400, "disconnected"))
        }
      }
    }

    /// The answer is not there yet, or a part of it is: neither is waited for.
    @Test(arguments: [false, true], [false, true])
    func nobodyWaitsForWhatAClientThatLeftAskedFor(_ resets: Bool, _ hasHead: Bool) async throws {
      let handler = ClosureHandler { _, _ in
        let endless = EndlessWait()
        if !hasHead { await endless.wait() }
        return Response(status: 200, body: .stream(length: 1, endless))
      }
      try await serving(handler) { server, place in
        var client: RawClient? = try RawClient(place)
        try client?.send(get("/"))
        if hasHead { _ = try client?.receiveSome() }
        #expect(eventually { server.statistics.openConnections == 1 })
        if resets { client?.vanish() }
        client = nil
        #expect(eventually { server.statistics.openConnections == 0 && handler.exchanges.map(\.isCut) == [true] })
      }
    }

    @Test func clientThatEndsItsSideStillGetsItsAnswers() async throws {
      try await serving(ClosureHandler.echo()) { _, place in
        let client = try RawClient(place)
        try client.send(get("/a") + get("/b"))
        client.endSending()
        #expect(try client.readAnswer().text == "GET /a")
        #expect(try client.readAnswer().text == "GET /b")
        #expect(try client.isEndedByServer())
      }
    }
  }
}

/// Bytes that never come.
private struct EndlessWait: ResponseStream {
  func wait() async {
    // A cancelled sleep is what the test waits for.
    try? await Task.sleep(for: .seconds(100_000))
  }

  func next() async throws -> [UInt8]? {
    try await Task.sleep(for: .seconds(100_000))
    return nil
  }
}
