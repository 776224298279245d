import BlockingWork
import CurlKit
import Testing
import Wire

extension Sockets {
  @Suite struct RedirectTests {
    private func redirecting(_ body: (HTTPClient, HTTPOrigin, HTTPOrigin) async throws -> Void) async throws {
      try await serving { request, _ in
        text(
          "\(request.fields["Authorization"] ?? "none") \(request.fields["Cookie"] ?? "none") \(request.fields["X-A"] ?? "none")"
        )
      } _: { _, other, _ in
        try await serving { request, _ in
          switch request.path {
          case "/here":
            Response(status: 307, fields: Fields([("Location", "/there")]), body: .bytes(Array("moved".utf8)))
          case "/away": Response(status: 302, fields: Fields([("Location", "http://\(other)/there")]))
          case "/loop": Response(status: 302, fields: Fields([("Location", "/loop")]))
          case "/secure": Response(status: 302, fields: Fields([("Location", "https://\(other)/")]))
          case "/file": Response(status: 302, fields: Fields([("Location", "file:///etc/passwd")]))
          case "/nowhere": Response(status: 302, body: .bytes(Array("moved".utf8)))
          default: text("\(request.method.token) \(request.fields["Authorization"] ?? "none")")
          }
        } _: { client, origin, _ in
          try await body(client, origin, other)
        }
      }
    }

    private func asking(_ origin: HTTPOrigin, _ path: String, _ limit: Int, _ method: HTTPMethod = .get) throws
      -> HTTPRequest
    {
      var request = HTTPRequest(
        method, try origin.url(path), headers: ["Authorization": "secret", "Cookie": "c", "X-A": "a"])
      request.redirectLimit = limit
      return request
    }

    @Test func redirectIsTheAnswerUnlessItShallBeFollowed() async throws {
      try await redirecting { client, origin, _ in
        let answer = try await client.fetch(asking(origin, "/here", 0), atMost: 100)
        #expect((answer.status, answer.headers["Location"], answer.text) == (307, "/there", "moved"))
        let followed = try await client.fetch(asking(origin, "/here", 3), atMost: 100)
        #expect((followed.status, followed.text) == (200, "GET secret"))
        #expect(followed.headers["Location"] == nil)
        let posted = try await client.fetch(asking(origin, "/here", 3, .post), atMost: 100)
        #expect(posted.status == 307)
        let nowhere = try await client.fetch(asking(origin, "/nowhere", 3), atMost: 100)
        #expect((nowhere.status, nowhere.text) == (302, "moved"))
      }
    }

    @Test func secretsStayWithTheirOrigin() async throws {
      try await redirecting { client, origin, _ in
        let answer = try await client.fetch(asking(origin, "/away", 3), atMost: 100)
        #expect(answer.text == "none none a")
      }
    }

    @Test(arguments: ["/loop", "/secure", "/file"])
    func redirectsWithoutEndAndToAnotherSchemeAreNotFollowed(path: String) async throws {
      try await redirecting { client, origin, _ in
        let request = try asking(origin, path, 3)
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 100) }
        guard case .malformedAnswer = error else { throw TestFailure("\(String(describing: error))") }
      }
    }
  }
}
