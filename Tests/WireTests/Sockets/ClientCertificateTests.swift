import BlockingWork
import COpenSSL
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  struct ClientCertificateTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet() }

    // MARK: Who is let in

    @Test func handlerSeesWhoTheClientIsInEveryRequest() async throws {
      let fleet = fleet
      let members = try ["a", "b"].map { try fleet.member($0) }
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { _, place in
        let clients = try members.map { try fleet.client(place, as: $0) }
        for _ in 0..<3 {
          for (client, member) in zip(clients, members) { #expect(try client.ask("/") == hex(member.identity)) }
        }
        try clients[0].send(get("/") + get("/"))
        #expect(try clients[0].readAnswer().text == hex(members[0].identity))
        #expect(try clients[0].readAnswer().text == hex(members[0].identity))
      }
    }

    @Test func clientWithoutACertificateIsServedAsNobody() async throws {
      let fleet = fleet
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { _, place in
        let name = try fleet.client(place, as: nil).ask("/")
        #expect(name == "nobody")
      }
    }

    @Test func serverThatAsksForNoneSeesNobodyWhateverIsShown() async throws {
      let fleet = fleet
      let open = try TLSContext(.memory([fleet.server.certificate], fleet.server.key))
      let member = try fleet.member("a")
      try await serving(ClosureHandler.whoAmI(), tls: open) { _, place in
        let name = try fleet.client(place, as: member).ask("/")
        #expect(name == "nobody")
      }
    }

    // MARK: Who is not

    @Test func certificatesThatAreNotGoodEndTheHandshake() async throws {
      let fleet = fleet
      let now = Fleet.now
      let foreign = try Fleet(named: "a stranger")
      let namesake = try Fleet()
      let stray = try namesake.member("a")
      let mine = try fleet.member("a")
      let selfSigned = try CertificateAuthority.make(
        named: "a", key: mine.key, ValidityPeriod(from: now, seconds: 3_600))
      let refused: [(String, TLSCredentials)] = [
        ("foreign", try foreign.member("a").credentials),
        ("foreign of the same name", try namesake.member("a").credentials),
        ("foreign with our authority beside it", .memory([stray.certificate, fleet.authority.certificate], stray.key)),
        ("expired", try fleet.member("a", ValidityPeriod(notBefore: now - 3_600, notAfter: now - 1)).credentials),
        ("not yet valid", try fleet.member("a", ValidityPeriod(notBefore: now + 300, notAfter: now + 900)).credentials),
        ("self-signed", .memory([selfSigned.certificate], mine.key)),
      ]
      let handler = ClosureHandler.whoAmI()
      try await serving(handler, tls: fleet.tls) { server, place in
        var refusals = 0
        for (name, credentials) in refused {
          let client = try CertifiedClient(place, credentials, trust: .authority(fleet.authority.certificate))
          refusals += 1
          // TLS 1.3: the client has said all before it hears whether it is believed.
          #expect(throws: CertifiedClient.Failure.self, "\(name)") { try client.ask("/") }
          #expect(client.session.failure != nil)
          let counted = eventually { server.statistics.failedHandshakes == refusals }
          #expect(counted, "\(name)")
        }
        #expect(handler.exchanges.isEmpty)
        #expect(try fleet.client(place, as: mine).ask("/") == hex(mine.identity))
      }
    }

    /// A stolen node's key signs for nobody else.
    @Test func memberCannotCertifyOthers() async throws {
      let fleet = fleet
      let thief = try fleet.member("thief")
      let folder = try TemporaryFolder()
      let (certificate, key) = ("\(folder.path)/thief.crt", "\(folder.path)/thief.key")
      try TextFile.write(certificate, thief.certificate.pem)
      try TextFile.write(key, thief.key.pem)
      let made = OpenSSLProgram.run(
        """
        req -newkey ed25519 -nodes -subj /CN=minted -keyout \(folder.path)/minted.key | openssl x509 -req -days 1 \
        -CA \(certificate) -CAkey \(key) -out \(folder.path)/minted.crt
        """)
      #expect(made.isGood, "\(made.text)")
      try TextFile.write(
        "\(folder.path)/chain.crt", try TextFile.read("\(folder.path)/minted.crt") + thief.certificate.pem)
      let minted = TLSCredentials.files(
        certificatePath: "\(folder.path)/chain.crt", keyPath: "\(folder.path)/minted.key")
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        let client = try CertifiedClient(place, minted, trust: .authority(fleet.authority.certificate))
        #expect(throws: CertifiedClient.Failure.self) { try client.ask("/") }
        let counted = eventually { server.statistics.failedHandshakes == 1 }
        #expect(counted)
      }
    }

    /// Another's certificate, which everybody has seen, and a key of one's own that claims to belong to it.
    @Test func certificateOfAnotherIsOfNoUseWithoutItsKey() async throws {
      let fleet = fleet
      let victim = try fleet.member("victim")
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        let thief = try ForgedOwner(of: victim.certificate)
        let client = try SecureClient(place) { context in
          let isInstalled = thief.install(in: context)
          #expect(isInstalled)
        }
        #expect(throws: SecureClient.Failure.self) {
          try client.send(get("/"))
          _ = try client.readAnswer()
        }
        let counted = eventually { server.statistics.failedHandshakes == 1 }
        #expect(counted)
      }
    }

    // MARK: Whom a client speaks to

    @Test func joiningClientSendsNoRequestToAServerOfAnotherAuthority() async throws {
      let fleet = fleet
      let foreign = try Fleet()
      let handler = ClosureHandler.whoAmI()
      try await serving(handler, tls: foreign.tls) { server, place in
        let failure = #expect(throws: CertifiedClient.Failure.self) {
          try CertifiedClient(place, nil, trust: .pinned(authority: fleet.authority.certificate.key.identity))
        }
        guard case .handshake(let reason?) = failure else {
          return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(reason.attempt == "believe the peer")
        let counted = eventually {
          server.statistics.failedHandshakes == 1 && server.statistics.openConnections == 0
        }
        #expect(counted)
        #expect(handler.exchanges.isEmpty)
      }
      try await serving(handler, tls: fleet.tls) { _, place in
        let trust = TLSTrust.pinned(authority: fleet.authority.certificate.key.identity)
        let name = try CertifiedClient(place, nil, trust: trust).ask("/")
        #expect(name == "nobody")
      }
    }
  }
}
