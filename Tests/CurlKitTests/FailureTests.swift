import CurlKit
import Glibc
import Testing
import Wire

extension Sockets {
  @Suite struct FailureTests {
    private static func get(_ origin: HTTPOrigin, _ patience: HTTPPatience = HTTPPatience()) throws -> HTTPRequest {
      HTTPRequest(.get, try origin.url("/secret-path?token=secret"), patience: patience)
    }

    @Test func nobodyWhoListensIsRefused() async throws {
      let closed = try SilentPort()
      let client = try HTTPClient()
      let request = try Self.get(closed.origin)
      let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
      guard case .cannotConnect(let origin, .refused) = error else { throw TestFailure("\(String(describing: error))") }
      #expect(origin == closed.origin)
      #expect(error?.description == "cannot connect to \(closed.origin): refused")
      await client.close()
    }

    @Test func nameWithoutAddressSaysSo() async throws {
      let client = try HTTPClient()
      // Time enough for a resolver whose servers do not answer.
      var patience = HTTPPatience()
      patience.connect = .seconds(60)
      let request = try Self.get(HTTPOrigin(.http, host: "no-such-name.invalid"), patience)
      let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
      guard case .cannotConnect(_, .unknownName) = error else { throw TestFailure("\(String(describing: error))") }
      await client.close()
    }

    @Test func listenerThatAcceptsNobodyIsGivenUpInTime() async throws {
      // A full backlog drops what knocks.
      let listener = try FullListener()
      let client = try HTTPClient()
      var patience = HTTPPatience()
      patience.connect = .milliseconds(300)
      let request = try Self.get(listener.origin, patience)
      let took = try await seconds {
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
        guard case .cannotConnect(_, .timedOut) = error else { throw TestFailure("\(String(describing: error))") }
      }
      #expect(took < 30)
      await client.close()
    }

    @Test func serverThatNeverAnswersIsLateAtTheFirstByte() async throws {
      try await scripted { connection in
        try connection.readHead()
        connection.waitForEnd()
      } _: { client, server in
        var patience = HTTPPatience()
        patience.firstByte = .milliseconds(200)
        let request = try Self.get(server.origin, patience)
        let took = try await seconds {
          let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
          guard case .late(_, .firstByte) = error else { throw TestFailure("\(String(describing: error))") }
          #expect(!(error?.description.contains("secret") ?? true))
        }
        #expect(took < 20)
      }
    }

    @Test(arguments: [0, 20]) func serverThatStallsOrTricklesIsStalled(tricklesEveryMilliseconds: Int) async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin")
        while tricklesEveryMilliseconds > 0 {
          try connection.send("x")
          poll(nil, 0, Int32(tricklesEveryMilliseconds))
        }
        connection.waitForEnd()
      } _: { client, server in
        var patience = HTTPPatience()
        patience.minimumBytesPerSecond = 1_000
        patience.grace = .milliseconds(300)
        let response = try await client.send(Self.get(server.origin, patience))
        let body = response.body
        let error = await failure { () async throws(HTTPClientError) in try await body.collect(atMost: 1_000_000) }
        guard case .stalled = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test func peerThatTakesNothingOfAnUploadIsStalled() async throws {
      try await scripted { connection in
        try connection.readHead()
        connection.waitForCut()
      } _: { client, server in
        var patience = HTTPPatience()
        patience.grace = .milliseconds(300)
        var request = HTTPRequest(.put, try server.origin.url("/"), patience: patience)
        request.body = .bytes([UInt8](repeating: 7, count: 60_000_000))
        let sent = request
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(sent, atMost: 1) }
        guard case .stalled = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test func deadlineOfTheWholeEndsWhatStillMoves() async throws {
      try await serving { _, _ in
        Response(status: 200, body: .stream(length: nil, CountedBytes(1 << 40)))
      } _: {
        client, origin, _ in
        let request = try Self.get(origin, HTTPPatience(whole: .milliseconds(300)))
        let error = await failure { () async throws(HTTPClientError) in
          let response = try await client.send(request)
          while try await response.body.next() != nil {}
        }
        guard case .late(_, .whole) = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test(
      arguments: ["Content-Length: 100\r\n\r\nshort", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
      [true, false])
    func bodyThatBreaksOffIsCutAndNotEnded(answer: String, resets: Bool) async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\n" + answer)
        if resets { connection.reset() }
      } _: { client, server in
        let request = try Self.get(server.origin)
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000) }
        guard case .cut(server.origin, _) = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le"]) func headThatBreaksOffIsCut(answer: String) async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send(answer)
      } _: { client, server in
        let request = try Self.get(server.origin)
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000) }
        guard case .cut = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test(arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello..",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno field at all\r\n\r\n", "hello, I am no HTTP\r\n\r\n", "HTTP/7.3 200 OK\r\n\r\n",
      "\u{0}\u{1}\u{2}\r\n\r\n",
    ])
    func answerThatIsNoneIsMalformed(answer: String) async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send(answer)
        connection.waitForEnd()
      } _: { client, server in
        let request = try Self.get(server.origin, HTTPPatience(whole: .seconds(60)))
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000) }
        guard case .malformedAnswer = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test(arguments: [1, 2_000]) func headBeyondItsBoundIsTooLarge(fields: Int) async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\n")
        for _ in 0..<fields { try connection.send("X-Large: \(String(repeating: "x", count: 200_000 / fields))\r\n") }
        try connection.send("Content-Length: 0\r\n\r\n")
        connection.waitForEnd()
      } _: { client, server in
        let request = try Self.get(server.origin, HTTPPatience(whole: .seconds(60)))
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000) }
        guard case .tooLarge(_, .head, _) = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    @Test func bodyBeyondWhatTheCallerTakesIsTooLarge() async throws {
      try await serving { request, _ in
        request.path == "/known"
          ? Response(status: 200, body: .bytes(patterned(1_001)))
          : Response(status: 200, body: .stream(length: nil, CountedBytes(1_001)))
      } _: { client, origin, _ in
        for path in ["/known", "/chunked"] {
          let request = HTTPRequest(.get, try origin.url(path))
          let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000)
          }
          guard case .tooLarge(_, .body, 1_000) = error else { throw TestFailure("\(String(describing: error))") }
          let response = try await client.send(request)
          let later = await failure { () async throws(HTTPClientError) in try await response.body.collect(atMost: 1_000)
          }
          guard case .tooLarge(_, .body, 1_000) = later else { throw TestFailure("\(String(describing: later))") }
          let answer = try await client.fetch(request, atMost: 1_001)
          #expect(answer.body.count == 1_001)
        }
      }
    }

    @Test func sourceThatFailsOrLiesCutsTheRequest() async throws {
      try await serving { _, body in
        text("\(await count(body))")
      } _: { client, origin, _ in
        var request = HTTPRequest(.put, try origin.url("/"))
        request.body = .stream(length: nil, FailingSource())
        let failing = request
        let broken = await failure { () async throws(HTTPClientError) in try await client.fetch(failing, atMost: 100) }
        guard case .bodySourceFailed(let cause) = broken, cause is FailingSource.Broken else {
          throw TestFailure("\(String(describing: broken))")
        }
        for count in [999, 1_001] {
          request.body = .stream(length: 1_000, CountedBytes(count, pieceBytes: 100))
          let lying = request
          let error = await failure { () async throws(HTTPClientError) in try await client.fetch(lying, atMost: 100) }
          // What is too long may be found out only after everything that was promised has gone.
          if error == nil, count == 1_001 { continue }
          guard case .malformedRequest = error else { throw TestFailure("\(count): \(String(describing: error))") }
        }
      }
    }

    @Test func requestsThatCouldSmuggleAreNotSent() async throws {
      let client = try HTTPClient()
      let url = try HTTPURL(parsing: "http://127.0.0.1:1/")
      let smuggling: [HTTPRequest] = [
        HTTPRequest(.get, url, headers: ["X": "a\r\nY: b"]), HTTPRequest(.get, url, headers: ["X": "a\0b"]),
        HTTPRequest(.get, url, headers: ["X:": "a"]), HTTPRequest(.get, url, headers: ["": "a"]),
        HTTPRequest(.get, url, headers: ["content-length": "3"]), HTTPRequest(.get, url, headers: ["Host": "other"]),
        HTTPRequest(HTTPMethod("GET / HTTP/1.1\r\nX:"), url), HTTPRequest(HTTPMethod(""), url),
      ]
      for request in smuggling {
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
        guard case .malformedRequest = error else { throw TestFailure("\(String(describing: error))") }
      }
      await client.close()
    }

    @Test func moreThanMayWaitAreTurnedAway() async throws {
      var configuration = HTTPClientConfiguration()
      configuration.limits.transfersPerOrigin = 2
      configuration.limits.waitingRequests = 3
      let gate = Gate()
      try await serving(configuration: configuration) { _, _ in
        await gate.wait()
        return text("ok")
      } _: { client, origin, _ in
        let request = HTTPRequest(.get, try origin.url("/"))
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for _ in 0..<9 {
            group.addTask {
              let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 9)
              }
              guard let error else { return true }
              guard case .crowded = error else { throw TestFailure("\(error)") }
              return false
            }
          }
          var answered: [Bool] = []
          for try await isAnswered in group {
            answered.append(isAnswered)
            if answered.count == 4 { gate.open() }
          }
          #expect(answered.filter { $0 }.count == 5)
        }
      }
    }

    @Test func closedClientFailsWhatRunsAndWhatComes() async throws {
      try await scripted { connection in
        try connection.readHead()
        connection.waitForEnd()
      } _: { client, server in
        let request = try Self.get(server.origin)
        async let running = failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
        #expect(await eventually { server.connectionCount == 1 })
        await client.close()
        guard case .closed = await running else { throw TestFailure("it went on") }
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1) }
        guard case .closed = error else { throw TestFailure("\(String(describing: error))") }
      }
    }
  }
}

/// Bound and not listening: who knocks is refused, and nobody else comes to listen there.
private final class SilentPort {
  let origin: HTTPOrigin
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(descriptor, place, length) == 0 && getsockname(descriptor, place, &length) == 0
      }
    }
    guard isBound else { throw TestFailure("cannot bind") }
    self.descriptor = descriptor
    origin = HTTPOrigin(.http, host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }
}

/// Listens, never accepts, and has no room for one more.
private final class FullListener {
  let origin: HTTPOrigin
  private var descriptors: [Int32] = []

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    descriptors.append(listener)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        _ = bind(listener, place, length)
        _ = listen(listener, 0)
        _ = getsockname(listener, place, &length)
      }
    }
    origin = HTTPOrigin(.http, host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
    for _ in 0..<4 {
      let knocking = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      descriptors.append(knocking)
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(knocking, $0, length) }
      }
    }
  }

  deinit { for descriptor in descriptors { close(descriptor) } }
}
