import BlockingWork
import Glibc
import Testing

@testable import Wire

extension Sockets {
  struct LimitTests {
    private static func short() -> WireLimits {
      var limits = WireLimits()
      limits.headDeadline = .seconds(1)
      limits.idleDeadline = .seconds(1)
      limits.rateGrace = .seconds(1)
      limits.minimumBytesPerSecond = 1 << 20
      return limits
    }

    /// Sends one byte at a time until the server has had enough: what it said.
    private static func trickle(_ client: RawClient, _ text: String) throws -> Int? {
      for byte in text.utf8 {
        try client.send([byte])
        var wait = pollfd(fd: client.socket, events: Int16(POLLIN), revents: 0)
        if poll(&wait, 1, 50) > 0 { break }
      }
      return try? client.readAnswer().status
    }

    @Test func headThatTricklesInDiesAtItsDeadline() async throws {
      var limits = WireLimits()
      limits.headDeadline = .seconds(2)
      try await serving(ClosureHandler.echo(), limits: limits) { server, place in
        let first = try RawClient(place)
        #expect(try Self.trickle(first, get("/", String(repeating: "X: y\r\n", count: 90))) == 408)
        // The second head of a connection has its own deadline.
        let second = try RawClient(place)
        try second.send(get("/a"))
        #expect(try second.readAnswer().status == 200)
        #expect(try Self.trickle(second, get("/", String(repeating: "X: y\r\n", count: 90))) == 408)
        #expect(server.statistics.lateHeads == 2)
        #expect(eventually { server.statistics.openConnections == 0 || (try? first.isEndedByServer()) == true })
      }
    }

    @Test func silentConnectionIsClosedBeforeAndBetweenRequests() async throws {
      try await serving(ClosureHandler.echo(), limits: Self.short()) { server, place in
        let silent = try RawClient(place)
        #expect(try silent.isEndedByServer())
        let idle = try RawClient(place)
        try idle.send(get("/"))
        #expect(try idle.readAnswer().status == 200)
        #expect(try idle.isEndedByServer())
        #expect(eventually { server.statistics.openConnections == 0 })
      }
    }

    /// Deadlines run from the event, not from when the loop fell asleep before it.
    @Test func firstConnectionAfterALongSleepHasItsWholeDeadline() async throws {
      var limits = WireLimits()
      limits.headDeadline = .seconds(3)
      try await serving(ClosureHandler.echo(), limits: limits, loops: 1) { _, place in
        poll(nil, 0, 4_000)
        let client = try RawClient(place)
        try client.send("GET / HTTP/1.1\r\n")
        poll(nil, 0, 50)
        try client.send("Host: a\r\n\r\n")
        #expect(try client.readAnswer().status == 200)
      }
    }

    @Test func connectionThatIsUsedOutlivesItsIdleDeadline() async throws {
      var limits = WireLimits()
      limits.idleDeadline = .seconds(3)
      try await serving(ClosureHandler.echo(), limits: limits) { _, place in
        let client = try RawClient(place)
        for _ in 0..<10 {
          try client.send(get("/"))
          #expect(try client.readAnswer().status == 200)
          poll(nil, 0, 500)
        }
      }
    }

    @Test func bodyThatTricklesInDies() async throws {
      let handler = ClosureHandler.echo()
      try await serving(handler, limits: Self.short()) { server, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 100000\r\n", method: "PUT"))
        _ = try? Self.trickle(client, String(repeating: "x", count: 200))
        #expect(eventually { server.statistics.tooSlow == 1 })
        #expect(eventually { server.statistics.openConnections == 0 })
        #expect(eventually { handler.exchanges.first?.isCut == true })
      }
    }

    @Test func readerWhoTakesNothingDies() async throws {
      let bytes = [UInt8](repeating: 1, count: 20_000_000)
      let handler = ClosureHandler { _, _ in Response(status: 200, body: .bytes(bytes)) }
      try await serving(handler, limits: Self.short()) { server, place in
        let client = try RawClient(place, receiveBufferBytes: 4_096)
        try client.send(get("/"))
        #expect(eventually { server.statistics.tooSlow == 1 })
        #expect(eventually { server.statistics.openConnections == 0 })
        #expect(eventually { handler.exchanges.first?.isCut == true })
      }
    }

    /// The kernel tells of room only when much is free: a reader who is slow but fast enough must not die of that.
    @Test func readerWhoIsSlowButFastEnoughLives() async throws {
      var limits = WireLimits()
      limits.rateGrace = .seconds(3)
      limits.minimumBytesPerSecond = 20_000
      let bytes = patterned(8_000_000)
      try await serving(ClosureHandler { _, _ in Response(status: 200, body: .bytes(bytes)) }, limits: limits) {
        server, place in
        let client = try RawClient(place, receiveBufferBytes: 65_536)
        try client.send(get("/"))
        var count = 0
        while count < 2_000_000 {
          let received = try client.receiveSome().count
          count += received
          // At 300 kB a second: many times what it must, and the kernel still tells of room only now and then.
          poll(nil, 0, Int32(received / 300))
        }
        #expect(server.statistics.tooSlow == 0)
      }
    }

    @Test func slowHandlerIsNotTheClientsFault() async throws {
      let gate = Gate()
      let handler = ClosureHandler { _, _ in
        await gate.wait()
        return Response(status: 200)
      }
      try await serving(handler, limits: Self.short()) { server, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(eventually { gate.waitingCount == 1 })
        poll(nil, 0, 2_200)
        gate.open()
        #expect(try client.readAnswer().status == 200)
      }
    }

    /// Neither when it waits elsewhere nor when it keeps the loop itself busy.
    @Test func handlerThatBusiesItsLoopIsNotTheClientsFaultEither() async throws {
      let handler = ClosureHandler { _, body in
        var count = 0
        do {
          while let piece = try await body.next() {
            let until = MonotonicClock.now + 1_700_000_000
            while MonotonicClock.now < until {}
            count += piece.count
          }
          return Response(status: 200, body: .bytes(Array("\(count)".utf8)))
        } catch {
          return Response(status: 400)
        }
      }
      var limits = Self.short()
      limits.rateGrace = .milliseconds(1_500)
      try await serving(handler, limits: limits) { _, place in
        let client = try RawClient(place)
        try client.send(get("/", "Content-Length: 2\r\n", method: "PUT") + "a")
        poll(nil, 0, 1_800)
        try client.send("b" + get("/", "Content-Length: 0\r\n"))
        #expect(try client.readAnswer().text == "2")
        #expect(try client.readAnswer().text == "0")
      }
    }

    @Test func addressWithTooManyConnectionsIsTurnedAwayUntilOneIsGone() async throws {
      var limits = WireLimits()
      limits.connectionsPerAddress = 3
      try await serving(ClosureHandler.echo(), limits: limits) { server, place in
        var clients = try (0..<3).map { _ in try RawClient(place) }
        for client in clients {
          try client.send(get("/"))
          #expect(try client.readAnswer().status == 200)
        }
        #expect(try RawClient(place).readAnswer().status == 503)
        #expect(server.statistics.overAddress == 1)
        clients.removeLast()
        #expect(eventually { server.statistics.openConnections == 2 })
        let next = try RawClient(place)
        try next.send(get("/"))
        #expect(try next.readAnswer().status == 200)
      }
    }

    @Test func connectionsOverTheTotalAreTurnedAway() async throws {
      var limits = WireLimits()
      limits.connections = 2
      try await serving(ClosureHandler.echo(), limits: limits) { server, place in
        let clients = try (0..<2).map { _ in try RawClient(place) }
        for client in clients {
          try client.send(get("/"))
          #expect(try client.readAnswer().status == 200)
        }
        #expect(try RawClient(place).readAnswer().status == 503)
        #expect(server.statistics.overTotal == 1)
        #expect(clients.count == 2)
      }
    }

    @Test func thousandIdleConnectionsLeaveTheNextOneServed() async throws {
      var limits = WireLimits()
      limits.connectionsPerAddress = 2_000
      try await serving(ClosureHandler.echo(), limits: limits) { server, place in
        var clients: [RawClient] = []
        for _ in 0..<1_200 {
          let client = try RawClient(place)
          try client.send(get("/"))
          #expect(try client.readAnswer().status == 200)
          clients.append(client)
        }
        #expect(server.statistics.openConnections == 1_200)
        for client in clients {
          try client.send(get("/again"))
          #expect(try client.readAnswer().text == "GET /again")
        }
        clients = []
        #expect(eventually { server.statistics.openConnections == 0 })
      }
    }

    @Test func serverWithoutDescriptorsTurnsAwayAndRecovers() async {
      // In a process of its own: descriptors are the process's, and other suites need theirs.
      await #expect(processExitsWith: .success) {
        try await serving(ClosureHandler.echo(), loops: 1) { server, place in
          let before = try RawClient(place)
          try before.send(get("/"))
          #expect(try before.readAnswer().status == 200)
          let hoard = DescriptorHoard(leaving: 1)
          // The last descriptor of the process goes to this client; the server has none for its end.
          let unlucky = try RawClient(place)
          #expect(throws: (any Error).self) { try unlucky.readAnswer() }
          #expect(server.statistics.outOfDescriptors >= 1)
          try before.send(get("/"))
          #expect(try before.readAnswer().status == 200)
          let turnedAway = server.statistics.outOfDescriptors
          hoard.release()
          let next = try RawClient(place)
          try next.send(get("/"))
          #expect(try next.readAnswer().status == 200)
          #expect(server.statistics.outOfDescriptors == turnedAway)
        }
      }
    }
  }
}

/// Takes all descriptors of the process but a few, under a lowered limit.
private final class DescriptorHoard {
  private var taken: [Int32] = []
  private var limit = rlimit()

  init(leaving count: Int) {
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var lower = limit
    lower.rlim_cur = 512
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &lower)
    while true {
      let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { break }
      taken.append(descriptor)
    }
    for _ in 0..<count { close(taken.removeLast()) }
  }

  func release() {
    for descriptor in taken { close(descriptor) }
    taken = []
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
