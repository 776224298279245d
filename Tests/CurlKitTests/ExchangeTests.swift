import CurlKit
import Glibc
import Testing
import Wire

extension Sockets {
  @Suite struct ExchangeTests {
    /// Says what it was asked.
    @Sendable private static func echo(_ request: Request, _ body: any RequestBody) async -> Response {
      var fields = Fields([("X-Method", request.method.token), ("X-Path", request.path)])
      for (name, value) in request.fields where name.hasPrefix("X-") { fields.append(name, value) }
      fields.append("X-Type", request.fields["Content-Type"] ?? "none")
      fields.append("X-Expect", request.fields["Expect"] ?? "none")
      fields.append("X-Length", request.fields["Content-Length"] ?? "none")
      var bytes: [UInt8] = []
      do {
        while let piece = try await body.next() { bytes += piece }
      } catch {
        return Response(status: 400)
      }
      return Response(status: 200, fields: fields, body: .bytes(bytes))
    }

    @Test func everyMethodArrivesWithItsPathFieldsAndBody() async throws {
      try await serving(Self.echo) { client, origin, _ in
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
          for size in [0, 1, 5_000, 70_000, 300_000] where size == 0 || method != "GET" {
            let bytes = patterned(size)
            var request = HTTPRequest(
              HTTPMethod(method), try origin.url("/a/../b%2Fc?d=%20"), headers: ["X-One": "1", "X-Empty": ""])
            if size > 0 { request.body = .bytes(bytes) }
            let answer = try await client.fetch(request, atMost: 1 << 20)
            #expect(answer.headers["x-method"] == method)
            #expect(answer.headers["X-PATH"] == "/a/../b%2Fc")
            #expect(answer.headers["X-One"] == "1")
            #expect(answer.headers["X-Empty"] == "")
            #expect(answer.headers["X-Type"] == "none")
            #expect(answer.headers["X-Expect"] == (size > 64 << 10 ? "100-continue" : "none"))
            #expect(answer.headers["absent"] == nil)
            #expect(answer.body == bytes, "\(method) of \(size)")
            if size > 0 || ["POST", "PUT", "PATCH"].contains(method) {
              #expect(answer.headers["X-Length"] == "\(size)")
            }
          }
        }
      }
    }

    @Test func headHasNoBodyAndTheLengthOfOne() async throws {
      try await serving { _, _ in
        text("hello")
      } _: { client, origin, _ in
        let answer = try await client.fetch(HTTPRequest(.head, try origin.url("/")), atMost: 100)
        #expect((answer.status, answer.head.contentLength, answer.body) == (200, 5, []))
        let whole = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
        #expect(whole.text == "hello")
      }
    }

    @Test func streamedBodiesArriveWholeWithAndWithoutALength() async throws {
      try await serving(Self.echo) { client, origin, _ in
        for length in [Int64(1_000_001), nil] {
          var request = HTTPRequest(.put, try origin.url("/"))
          request.body = .stream(length: length, CountedBytes(1_000_001, pieceBytes: 33_333))
          let answer = try await client.fetch(request, atMost: 2 << 20)
          #expect(answer.body.count == 1_000_001)
          #expect(answer.headers["X-Expect"] == "100-continue")
          #expect(answer.headers["X-Length"] == (length == nil ? "none" : "1000001"))
        }
      }
    }

    @Test func oneConnectionServesRequestAfterRequest() async throws {
      try await serving(Self.echo) { client, origin, server in
        for number in 0..<50 {
          let isRead = number % 2 == 0
          let response = try await client.send(HTTPRequest(.get, try origin.url("/\(number)")))
          #expect(response.headers["X-Path"] == "/\(number)")
          if isRead {
            let rest = try await response.body.collect(atMost: 10)
            #expect(rest == [])
          }
        }
        #expect(client.statistics.openedConnections <= 2)
        #expect(server.statistics.acceptedConnections <= 2)
      }
    }

    @Test func connectionThatTheServerEndedWhileItRestedIsReplacedUnseen() async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      } _: { client, server in
        for _ in 0..<20 {
          let answer = try await client.fetch(HTTPRequest(.post, try server.origin.url("/")), atMost: 10)
          #expect(answer.text == "ok")
        }
        #expect(server.connectionCount == 20)
      }
    }

    /// Again and again: libcurl counts how often it tried anew, and must not count over many requests.
    @Test func connectionThatDiesUnderItsNextRequestIsReplacedUnseen() async throws {
      try await scripted { connection in
        try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        try connection.readHead()
      } _: { client, server in
        for method in [HTTPMethod.get, .post, .put] {
          for size in [0, 100, 100_000] where size == 0 || method != .get {
            for _ in 0..<7 {
              var request = HTTPRequest(method, try server.origin.url("/"))
              if size > 0 { request.body = .bytes(patterned(size)) }
              let answer = try await client.fetch(request, atMost: 10)
              #expect(answer.text == "ok")
            }
          }
        }
      }
    }

    @Test func thousandRequestsAtOnceAreAllAnsweredOverABoundedNumberOfConnections() async throws {
      try await serving { request, _ in
        text(request.path)
      } _: { client, origin, server in
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<1_000 {
            group.addTask {
              let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/\(number)")), atMost: 100)
              return answer.text == "/\(number)"
            }
          }
          var right = 0
          for try await isRight in group { right += isRight ? 1 : 0 }
          #expect(right == 1_000)
        }
        #expect(client.statistics.openedConnections <= HTTPClientLimits().transfersPerOrigin)
        #expect(server.statistics.acceptedConnections == client.statistics.openedConnections)
      }
    }

    @Test func informationAndTrailersAreNoPartOfTheAnswer() async throws {
      try await scripted { connection in
        while true {
          try connection.readHead()
          try connection.send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: 1\r\n")
          try connection.send("Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n")
          try connection.send("5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\nX-Late: 2\r\n\r\n")
        }
      } _: { client, server in
        for _ in 0..<3 {
          let answer = try await client.fetch(HTTPRequest(.get, try server.origin.url("/")), atMost: 100)
          #expect((answer.status, answer.text) == (200, "hello world"))
          #expect(answer.headers["X-Early"] == nil)
          #expect(answer.headers["X-Trailer"] == nil)
          #expect(answer.headers.all("X-Late") == ["1"])
          #expect(answer.head.contentLength == nil)
        }
        #expect(server.connectionCount == 1)
      }
    }

    @Test func errorBeforeTheEndOfAnUploadIsTheAnswerAndTheSourceIsLeftAlone() async throws {
      try await serving { _, _ in
        text("no", status: 403)
      } _: { client, origin, _ in
        let source = CountedBytes(1 << 30)
        var request = HTTPRequest(.put, try origin.url("/"))
        request.body = .stream(length: 1 << 30, source)
        let answer = try await client.fetch(request, atMost: 100)
        #expect((answer.status, answer.text) == (403, "no"))
        #expect(source.givenBytes == 0)
      }
    }

    /// In a process of its own, which has no other descriptors.
    @Test func childrenInheritNoConnection() async {
      await #expect(processExitsWith: .success) {
        try await serving { _, _ in
          text("ok")
        } _: { client, origin, _ in
          // libcurl wakes itself by a pair of sockets that lead nowhere.
          let before = openDescriptors().filter(\.isInherited).count
          _ = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 10)
          #expect(client.statistics.openConnections == 1)
          #expect(openDescriptors().filter(\.isInherited).count == before)
        }
      }
    }

    @Test func connectionsThatRestAreBounded() async throws {
      var configuration = HTTPClientConfiguration()
      configuration.limits.openConnections = 3
      let gate = Gate()
      try await serving(configuration: configuration) { _, _ in
        await gate.wait()
        return text("ok")
      } _: { client, origin, _ in
        let request = HTTPRequest(.get, try origin.url("/"))
        let tasks = (0..<10).map { _ in Task { try await client.fetch(request, atMost: 10).text } }
        #expect(await eventually { gate.waitingCount == 10 })
        #expect(client.statistics.openConnections == 10)
        gate.open()
        for task in tasks { #expect(try await task.value == "ok") }
        #expect(await eventually { client.statistics.openConnections <= 3 })
      }
    }

    /// In a process of its own, whose environment names a proxy that is none.
    @Test func proxyIsUsedWhenAskedForAndNotBecauseOfTheEnvironment() async {
      await #expect(processExitsWith: .success) {
        for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:1", 1) }
        try await serving { request, _ in
          text(request.fields["Host"] ?? "")
        } _: { client, origin, _ in
          let straight = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
          #expect(straight.text == origin.description)
          var configuration = HTTPClientConfiguration()
          configuration.proxy = try origin.url("/")
          let other = try HTTPClient(configuration)
          let far = try await other.fetch(HTTPRequest(.get, try HTTPURL(parsing: "http://far.test/x")), atMost: 100)
          #expect(far.text == "far.test")
          await other.close()
        }
      }
    }

    @Test func emptySourceAndEmptyBodyAreBodies() async throws {
      try await serving(Self.echo) { client, origin, _ in
        for body in [
          HTTPRequest.Body.bytes([]), .stream(length: 0, CountedBytes(0)), .stream(length: nil, CountedBytes(0)),
        ] {
          var request = HTTPRequest(.put, try origin.url("/"))
          request.body = body
          let answer = try await client.fetch(request, atMost: 100)
          #expect((answer.status, answer.body) == (200, []))
        }
      }
    }
  }
}
