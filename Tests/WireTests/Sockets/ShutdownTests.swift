import BlockingWork
import Testing

@testable import Wire

extension Sockets {
  struct ShutdownTests {
    /// With one loop: what one connection has seen of the end, the loop has told all of them.
    private static func start(_ handler: any Handler) throws -> HTTPServer {
      try HTTPServer(configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0)], loops: 1), handler: handler)
    }

    @Test func runningExchangeFinishesAndIdleConnectionsClose() async throws {
      let gate = Gate()
      let handler = ClosureHandler { request, _ in
        if request.path == "/slow" { await gate.wait() }
        return Response(status: 200, body: .bytes([1, 2, 3]))
      }
      let server = try Self.start(handler)
      let place = server.addresses[0]
      let (idle, busy) = try await onThread { () -> (Owned<RawClient>, Owned<RawClient>) in
        let (idle, busy) = (try RawClient(place), try RawClient(place))
        try idle.send(get("/"))
        _ = try idle.readAnswer()
        try busy.send(get("/slow"))
        #expect(eventually { gate.waitingCount == 1 })
        return (Owned(idle), Owned(busy))
      }
      async let stopped: Void = server.stop(within: .seconds(60))
      try await onThread {
        #expect(try idle.value.isEndedByServer())
        let isClosed = eventually { (try? RawClient(place)) == nil }
        #expect(isClosed)
        gate.open()
        let answer = try busy.value.readAnswer()
        #expect(answer.body == [1, 2, 3])
        #expect(answer.fields["Connection"] == "close")
        #expect(try busy.value.isEndedByServer())
      }
      await stopped
      #expect(server.statistics.openConnections == 0)
    }

    @Test func exchangeThatOutlastsTheGraceIsCut() async throws {
      let piecesRead = Lock(0)
      let handler = ClosureHandler { _, body in
        while (try? await body.next()) != nil { piecesRead.withLock { $0 += 1 } }
        return Response(status: 200)
      }
      let server = try Self.start(handler)
      let place = server.addresses[0]
      let client = try await onThread { () -> Owned<RawClient> in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 10\r\n", method: "PUT") + "some")
        #expect(eventually { piecesRead.withLock(\.self) > 0 })
        return Owned(client)
      }
      await server.stop(within: .milliseconds(100))
      try await onThread {
        #expect(throws: RawClient.Failure.reset) { try client.value.receiveSome() }
        #expect(eventually { handler.exchanges.first?.isCut == true })
      }
    }

    @Test func secondStopCutsAtOnceAndBothReturn() async throws {
      let gate = Gate()
      let handler = ClosureHandler { _, _ in
        await gate.wait()
        return Response(status: 200)
      }
      let server = try Self.start(handler)
      let place = server.addresses[0]
      let client = try await onThread { () -> Owned<RawClient> in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(eventually { gate.waitingCount == 1 })
        return Owned(client)
      }
      async let first: Void = server.stop(within: .seconds(600))
      try await onThread {
        let isClosed = eventually { (try? RawClient(place)) == nil }
        #expect(isClosed)
      }
      await server.stop(within: .seconds(600))
      await first
      try await onThread { () -> Void in
        #expect(throws: RawClient.Failure.reset) { try client.value.receiveSome() }
      }
      gate.open()
    }

    @Test func stoppedServerMayBeStoppedAgain() async throws {
      let server = try Self.start(ClosureHandler.echo())
      await server.stop(within: .seconds(60))
      await server.stop(within: .seconds(60))
      server.stopNow()
    }
  }
}

/// Carries a client from one thread of a test to the next; only one uses it at a time.
struct Owned<Value>: @unchecked Sendable {
  // Unchecked: tests hand it on, they do not share it.
  let value: Value

  init(_ value: Value) { self.value = value }
}
