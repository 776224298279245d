import BlockingWork
import COpenSSL
import CurlKit
import OpenSSLKit
import Testing
import Wire

extension Sockets {
  @Suite struct SecureTests {
    /// Made once: each key costs a process.
    private static let pki = Result { try TestPKI() }

    private func refusal(_ client: HTTPClient, _ origin: HTTPOrigin) async throws -> String {
      let request = HTTPRequest(.get, try origin.url("/secret?token=secret"), headers: ["Authorization": "secret"])
      let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 1_000) }
      guard case .tlsRefused(origin, let reason) = error else { throw TestFailure("\(String(describing: error))") }
      #expect(!"\(String(describing: error))".contains("secret"))
      return reason
    }

    @Test(arguments: [TLSCredentials.Version.tls12, .tls13])
    func rootInMemoryIsTrustedAndConnectionsAreUsedAgain(version: TLSCredentials.Version) async throws {
      let pki = try Self.pki.get()
      let credentials = try TLSCredentials(roots: .pem(try pki.pem("ca.crt")), minimumVersion: version)
      let tls = try pki.context("server", version == .tls13 ? .tls13 : .tls12)
      try await serving(tls: tls, credentials: credentials) { request, _ in
        text(request.path)
      } _: { client, origin, server in
        for number in 0..<20 {
          let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/\(number)")), atMost: 100)
          #expect(answer.text == "/\(number)")
        }
        #expect(server.statistics.acceptedConnections == 1)
      }
    }

    @Test func strangersAndFalseNamesAreRefusedBeforeTheRequest() async throws {
      let pki = try Self.pki.get()
      let asked = Lock(0)
      let respond: @Sendable (Request, any RequestBody) async -> Response = { _, _ in
        asked.withLock { $0 += 1 }
        return text("ok")
      }
      let server = try pki.context("server")
      let other = try TLSCredentials(roots: .pem(try pki.pem("other.crt")))
      try await serving(tls: server, credentials: other, respond) { client, origin, _ in
        let reason = try await refusal(client, origin)
        #expect(reason == "unable to get local issuer certificate")
      }
      try await serving(tls: server, respond) { client, origin, _ in
        let reason = try await refusal(client, origin)
        #expect(reason == "unable to get local issuer certificate")
      }
      let ours = try TLSCredentials(roots: .pem(try pki.pem("ca.crt")))
      try await serving(tls: try pki.context("nameless"), credentials: ours, respond) { client, origin, _ in
        let reason = try await refusal(client, origin)
        #expect(reason.contains("localhost"))
      }
      #expect(asked.withLock { $0 } == 0)
    }

    @Test func checkSeesThePublicKeyAndItsRefusalIsTheReason() async throws {
      let pki = try Self.pki.get()
      let seen = Lock<[[UInt8]]>([])
      let asked = Lock(0)
      let refuses = Lock(false)
      let check: TLSCredentials.PeerCheck = { _, certificate in
        seen.withLock { $0.append(certificate.publicKey) }
        return refuses.withLock { $0 } ? "it is no member" : nil
      }
      let root = TLSCredentials.Roots.pem(try pki.pem("ca.crt"))
      for (roots, identity, name) in [
        (root, TLSCredentials.Identity.hostAnd(check), "server"), (root, .check(check), "nameless"),
        (.none, .check(check), "stranger"),
      ] {
        refuses.withLock { $0 = false }
        let credentials = try TLSCredentials(roots: roots, identity: identity)
        try await serving(tls: try pki.context(name), credentials: credentials) { _, _ in
          asked.withLock { $0 += 1 }
          return text("ok")
        } _: { client, origin, _ in
          let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
          #expect(answer.text == "ok")
          refuses.withLock { $0 = true }
          // The connection stands, and so does what was said of it.
          let again = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
          #expect(again.text == "ok")
          client.dropConnections(to: origin)
          let reason = try await refusal(client, origin)
          #expect(reason == "it is no member")
        }
      }
      #expect(asked.withLock { $0 } == 6)
      let keys = seen.withLock { $0 }
      #expect(keys.count == 6)
      #expect(keys.prefix(2).allSatisfy { $0 == pki.serverPublicKey })
    }

    @Test func checkIsAskedOnEveryConnectionThoughTheServerOffersSessions() async throws {
      let pki = try Self.pki.get()
      var script = SecureScript(certificatePath: pki.path("server.crt"), keyPath: pki.path("server.key"))
      script.hasTickets = true
      script.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
      for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
        script.maximumVersion = version
        let checks = Lock(0)
        let credentials = try TLSCredentials(
          roots: .pem(try pki.pem("ca.crt")),
          identity: .check { _, _ in
            checks.withLock { $0 += 1 }
            return nil
          })
        try await secure(script, credentials) { client, origin, _ in
          for _ in 0..<5 {
            let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
            #expect(answer.text == "ok")
          }
        }
        #expect(checks.withLock { $0 } == 5)
      }
    }

    @Test func rootThatOnlyTheServerShowsIsKnownByItsFingerprint() async throws {
      let pki = try Self.pki.get()
      let fingerprint = try TLSFingerprint.of(pki.pem("ca.crt"))
      let credentials = try TLSCredentials(
        roots: .presented { StreamingHash.hash($0.der, .sha256) == fingerprint }, identity: .check { _, _ in nil })
      for (chain, isKnown) in [("server-chain", true), ("server", false)] {
        try await serving(tls: try pki.context("server", chain: chain), credentials: credentials) { _, _ in
          text("ok")
        } _: {
          client, origin, _ in
          if isKnown {
            let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
            #expect(answer.text == "ok")
          } else {
            let reason = try await refusal(client, origin)
            #expect(reason == "it presents no certificate that we know")
          }
        }
      }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func clientShowsItsCertificateAndHearsWhenItIsNotLiked(version: Int32) async throws {
      let pki = try Self.pki.get()
      var script = SecureScript(
        certificatePath: pki.path("server.crt"), keyPath: pki.path("server.key"), clientRootPath: pki.path("ca.crt"))
      script.maximumVersion = version
      let roots = TLSCredentials.Roots.pem(try pki.pem("ca.crt"))
      let ours = try TLSCredentials(
        roots: roots, certificates: try pki.pem("client.crt"), key: try pki.pem("client.key"))
      let foreign = try TLSCredentials(
        roots: roots, certificates: try pki.pem("stranger.crt"), key: try pki.pem("stranger.key"))
      try await secure(script, ours) { client, origin, received in
        let answer = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
        #expect(answer.text.contains("CN=client") || answer.text.contains("CN = client"))
        client.use(foreign)
        // Connections that stand keep what they began with.
        let again = try await client.fetch(HTTPRequest(.get, try origin.url("/")), atMost: 100)
        #expect(again.text == answer.text)
        client.dropConnections(to: origin)
        let reason = try await refusal(client, origin)
        #expect(reason.contains("alert"))
        client.use(try TLSCredentials(roots: roots))
        let withoutAny = try await refusal(client, origin)
        #expect(withoutAny.contains("alert"))
        #expect(received.withLock { $0.count } == 2)
      }
    }

    @Test func versionBelowTheLeastIsRefused() async throws {
      let pki = try Self.pki.get()
      var script = SecureScript(certificatePath: pki.path("server.crt"), keyPath: pki.path("server.key"))
      script.maximumVersion = TLS1_2_VERSION
      let credentials = try TLSCredentials(roots: .pem(try pki.pem("ca.crt")), minimumVersion: .tls13)
      try await secure(script, credentials) { client, origin, received in
        let reason = try await refusal(client, origin)
        #expect(reason.contains("version"))
        #expect(received.withLock { $0.isEmpty })
      }
    }

    @Test func bodyWithoutALengthThatEndsWithoutNoticeIsCut() async throws {
      let pki = try Self.pki.get()
      for endsWithoutNotice in [true, false] {
        var script = SecureScript(certificatePath: pki.path("server.crt"), keyPath: pki.path("server.key"))
        script.answer = "HTTP/1.1 200 OK\r\n\r\nas long as it lasts"
        script.endsWithoutNotice = endsWithoutNotice
        try await secure(script, try TLSCredentials(roots: .pem(try pki.pem("ca.crt")))) { client, origin, _ in
          let request = HTTPRequest(.get, try origin.url("/"))
          let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 100) }
          if case .cut = error { #expect(endsWithoutNotice) } else { #expect(error == nil && !endsWithoutNotice) }
        }
      }
    }

    @Test func droppedConnectionsFailWhatRunsOverThemAndOnlyThat() async throws {
      let pki = try Self.pki.get()
      let credentials = try TLSCredentials(roots: .pem(try pki.pem("ca.crt")))
      try await serving(tls: try pki.context("server"), credentials: credentials) { _, _ in
        Response(status: 200, body: .stream(length: nil, CountedBytes(1 << 40)))
      } _: { client, origin, server in
        let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
        _ = try await response.body.next()
        client.dropConnections(to: HTTPOrigin(.https, host: "localhost", port: 1))
        _ = try await response.body.next()
        client.dropConnections(to: origin)
        #expect(await eventually { server.statistics.openConnections == 0 })
        let body = response.body
        let error = await failure { () async throws(HTTPClientError) in while try await body.next() != nil {} }
        guard case .cut = error else { throw TestFailure("\(String(describing: error))") }
      }
    }

    /// One listener, two names: each has its own connections and its own check.
    @Test func nameOfThePeerAndPlaceToDialAreTwoThings() async throws {
      let pki = try Self.pki.get()
      let asked = Lock<[String]>([])
      let credentials = try TLSCredentials(
        roots: .pem(try pki.pem("ca.crt")),
        identity: .check { origin, _ in
          asked.withLock { $0.append(origin.host) }
          return origin.host == "third.node" ? "it is another" : nil
        })
      try await serving(tls: try pki.context("server"), credentials: credentials) { request, _ in
        text(request.fields["Host"] ?? "")
      } _: { client, origin, server in
        for host in ["first.node", "second.node", "first.node", "second.node"] {
          var request = HTTPRequest(.get, try HTTPURL(HTTPOrigin(.https, host: host), target: "/"))
          request.dial = HTTPDialAddress(host: "127.0.0.1", port: origin.port)
          let answer = try await client.fetch(request, atMost: 100)
          #expect(answer.text == host)
        }
        var third = HTTPRequest(.get, try HTTPURL(HTTPOrigin(.https, host: "third.node"), target: "/"))
        third.dial = HTTPDialAddress(host: "127.0.0.1", port: origin.port)
        let request = third
        let error = await failure { () async throws(HTTPClientError) in try await client.fetch(request, atMost: 100) }
        guard case .tlsRefused(_, "it is another") = error else { throw TestFailure("\(String(describing: error))") }
        #expect(asked.withLock { $0 } == ["first.node", "second.node", "third.node"])
        #expect(server.statistics.acceptedConnections == 3)
      }
    }

    @Test func credentialsThatAreNoneSayWhy() throws {
      let pki = try Self.pki.get()
      let (certificate, key) = (try pki.pem("client.crt"), try pki.pem("client.key"))
      #expect(throws: TLSCredentialsFailure.self) { try TLSCredentials(roots: .pem([])) }
      #expect(throws: TLSCredentialsFailure.self) { try TLSCredentials(roots: .none) }
      #expect(throws: TLSCredentialsFailure.self) { try TLSCredentials(certificates: certificate) }
      #expect(throws: TLSCredentialsFailure.self) { try TLSCredentials(key: key) }
      #expect(throws: TLSCredentialsFailure.self) { try TLSCredentials(certificates: key, key: key) }
      #expect(throws: TLSCredentialsFailure.self) {
        try TLSCredentials(certificates: certificate, key: try pki.pem("stranger.key"))
      }
    }

    private func secure(
      _ script: SecureScript, _ credentials: TLSCredentials,
      _ body: (HTTPClient, HTTPOrigin, Lock<[String]>) async throws -> Void
    ) async throws {
      let received = Lock<[String]>([])
      let server = try RawServer { connection in
        try script.serve(connection) { head in received.withLock { $0.append(head) } }
      }
      let client = try HTTPClient(credentials: credentials)
      let origin = HTTPOrigin(.https, host: "127.0.0.1", port: server.origin.port)
      let outcome = await Result { () async throws in try await body(client, origin, received) }
      await client.close()
      server.close()
      try outcome.get()
    }
  }
}

private enum TLSFingerprint {
  /// SHA-256 of the certificate's DER.
  static func of(_ pem: [UInt8]) throws -> [UInt8] {
    let source = pem.withUnsafeBytes { BIO_new_mem_buf($0.baseAddress, Int32($0.count)) }
    defer { BIO_free(source) }
    guard let certificate = PEM_read_bio_X509(source, nil, nil, nil) else { throw TestFailure("no certificate") }
    defer { X509_free(certificate) }
    var hash = [UInt8](repeating: 0, count: 32)
    X509_digest(certificate, EVP_sha256(), &hash, nil)
    return hash
  }
}
