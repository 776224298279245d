import BlockingWork
import CurlKit
import Testing
import Wire

extension Sockets {
  @Suite struct CancellationTests {
    @Test func cancelledTaskGetsItsErrorAtOnceAtEveryPoint() async throws {
      try await scripted { connection in
        let head = try connection.readHead()
        if head.contains("/body") { try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello") }
        connection.waitForEnd()
      } _: { client, server in
        for path in ["/head", "/body"] {
          let request = HTTPRequest(.get, try server.origin.url(path))
          let before = server.connectionCount
          let task = Task {
            await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 99) }
          }
          #expect(await eventually { server.connectionCount > before })
          let took = try await seconds {
            task.cancel()
            guard case .cancelled = await task.value else { throw TestFailure("it went on") }
          }
          #expect(took < 20)
        }
        #expect(await eventually { client.statistics.openConnections == 0 })
      }
    }

    @Test func taskThatIsCancelledAlreadySendsNothing() async throws {
      try await scripted { connection in
        try connection.readHead()
      } _: { client, server in
        let request = HTTPRequest(.get, try server.origin.url("/"))
        let gate = Gate()
        let task = Task {
          await gate.wait()
          return await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
        }
        task.cancel()
        gate.open()
        guard case .cancelled = await task.value else { throw TestFailure("it went on") }
      }
    }

    @Test func bodyThatIsLetGoOfEndsItsTransfer() async throws {
      try await serving { _, _ in
        Response(status: 200, body: .stream(length: nil, CountedBytes(1 << 40)))
      } _: {
        client, origin, server in
        for _ in 0..<5 {
          let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
          _ = try await response.body.next()
        }
        #expect(await eventually { client.statistics.openConnections == 0 && server.statistics.openConnections == 0 })
      }
    }

    @Test func sourceOfACancelledUploadIsCancelledToo() async throws {
      try await serving { _, body in
        text("\(await count(body))")
      } _: { client, origin, _ in
        let source = EndlessWait()
        var request = HTTPRequest(.put, try origin.url("/"))
        request.body = .stream(length: nil, source)
        let sent = request
        let task = Task {
          await failure { () async throws(HTTPClientError) in try await client.fetch(sent, atMost: 1) }
        }
        #expect(await eventually { source.wasAsked })
        task.cancel()
        guard case .cancelled = await task.value else { throw TestFailure("it went on") }
        #expect(await eventually { source.wasCancelled })
      }
    }

    @Test func cancelledLookupHoldsUpNobody() async throws {
      try await serving { _, _ in
        text("ok")
      } _: { client, origin, _ in
        let lost = HTTPRequest(.get, try HTTPURL(parsing: "http://no-such-name.invalid/"))
        let lookups = (0..<8).map { _ in
          Task { await failure { () async throws(HTTPClientError) in try await client.fetch(lost, atMost: 1) } }
        }
        for lookup in lookups { lookup.cancel() }
        let took = try await seconds {
          let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 9)
          #expect(answer.text == "ok")
        }
        // A resolver that nobody answers tries for five seconds, twice.
        #expect(took < 10)
        for lookup in lookups { _ = await lookup.value }
      }
    }

    /// In a process of its own: the descriptors that are counted are the process's.
    @Test func cancellationLeavesNoDescriptorBehind() async {
      await #expect(processExitsWith: .success) {
        let before = openDescriptorCount()
        try await serving { request, body in
          if request.method == .put { return text("\(await count(body))") }
          return Response(status: 200, body: .stream(length: nil, CountedBytes(1 << 40)))
        } _: { client, origin, server in
          let seed = UInt64.random(in: 0...UInt64.max)
          print("seed \(seed)")
          var chance = SeededNumbers(seed: seed)
          for round in 0..<300 {
            var request = HTTPRequest(round % 2 == 0 ? .get : .put, try origin.url("/"))
            if round % 2 == 1 { request.body = .stream(length: nil, CountedBytes(1 << 40)) }
            let sent = request
            let task = Task {
              await failure { () async throws(HTTPClientError) in
                let response = try await client.send(sent)
                while try await response.body.next() != nil {}
              }
            }
            for _ in 0..<Int.random(in: 0..<400, using: &chance) { await Task.yield() }
            task.cancel()
            guard case .cancelled = await task.value else { throw TestFailure("round \(round) went on") }
          }
          #expect(await eventually { client.statistics.openConnections == 0 && server.statistics.openConnections == 0 })
        }
        #expect(await eventually { openDescriptorCount() <= before }, "\(openDescriptorCount()) and \(before)")
      }
    }

    @Test func clientThatIsLetGoOfEndsItsThreadAndItsConnections() async {
      await #expect(processExitsWith: .success) {
        let server = try HTTPServer(
          configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0)], diskThreads: 1),
          handler: ClosureHandler { _, _ in text("ok") })
        guard case .network(_, let port) = server.addresses[0] else { return }
        let before = openDescriptorCount()
        let origin = HTTPOrigin(.http, host: "127.0.0.1", port: port)
        for _ in 0..<10 {
          let client = try HTTPClient()
          _ = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 9)
        }
        #expect(await eventually { openDescriptorCount() <= before })
        await server.stop(within: .zero)
      }
    }
  }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
