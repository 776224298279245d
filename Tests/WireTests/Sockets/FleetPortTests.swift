import CLinux
import COpenSSL
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  /// What a port that asks for certificates speaks and does not speak.
  struct FleetPortTests {
    private let fleet: Fleet
    private let folder: TemporaryFolder

    init() throws {
      fleet = try Fleet()
      folder = try TemporaryFolder()
    }

    @Test func onlyTLS13IsSpoken() async throws {
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        #expect(throws: SecureClient.Failure.handshake) { try SecureClient(place, version: TLS1_2_VERSION) }
        let client = try SecureClient(place, version: TLS1_3_VERSION)
        try client.send(get("/"))
        #expect(try client.readAnswer().text == "nobody")
        let counted = eventually { server.statistics.failedHandshakes == 1 }
        #expect(counted)
      }
    }

    @Test func nothingIsRenegotiatedAfterTheHandshake() async throws {
      let open = try TLSContext(.memory([fleet.server.certificate], fleet.server.key))
      for (tls, version) in [(fleet.tls, TLS1_3_VERSION), (open, TLS1_2_VERSION)] {
        try await serving(ClosureHandler.whoAmI(), tls: tls) { _, place in
          let client = try SecureClient(place, version: version)
          try client.send(get("/"))
          #expect(try client.readAnswer().text == "nobody")
          #expect(!client.renegotiate())
        }
      }
    }

    @Test func noSessionIsResumed() async throws {
      let member = try fleet.member("a")
      let (certificate, key) = ("\(folder.path)/a.crt", "\(folder.path)/a.key")
      try TextFile.write(certificate, member.certificate.pem)
      try TextFile.write(key, member.key.pem)
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { _, place in
        let show: (OpaquePointer?) -> Void = { context in
          SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM)
          SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM)
        }
        let first = try SecureClient(place, show)
        try first.send(get("/"))
        #expect(try first.readAnswer().text == hex(member.identity))
        let session = first.takeSession()
        defer { SSL_SESSION_free(session) }
        #expect(SSL_SESSION_is_resumable(session) == 0)
        let second = try SecureClient(place, earlier: session)
        #expect(!second.isResumed)
        try second.send(get("/"))
        #expect(try second.readAnswer().text == "nobody")
      }
    }

    @Test func otherClientsAreTakenForWhomTheyAre() async throws {
      let member = try fleet.member("a")
      let foreign = try Fleet().member("a")
      let path = folder.path
      try TextFile.write("\(path)/ca.crt", fleet.authority.certificate.pem)
      for (name, member) in [("a", member), ("foreign", foreign)] {
        try TextFile.write("\(path)/\(name).crt", member.certificate.pem)
        try TextFile.write("\(path)/\(name).key", member.key.pem)
      }
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        func ask(_ options: String) -> String {
          let request = "printf 'GET / HTTP/1.1\\r\\nHost: test\\r\\nConnection: close\\r\\n\\r\\n'"
          return OpenSSLProgram.run(
            "s_client -connect \(place) -CAfile \(path)/ca.crt -verify_return_error -ign_eof \(options)",
            input: request
          ).text
        }
        let certified = ask("-cert \(path)/a.crt -key \(path)/a.key -alpn shoal-swarm/1,http/1.1")
        #expect(certified.contains(hex(member.identity)), "\(certified)")
        #expect(certified.contains("ALPN protocol: http/1.1"))
        #expect(certified.contains("Verification: OK"))
        #expect(certified.contains("No client certificate CA names sent"))
        #expect(ask("").contains("nobody"))
        let refused = ask("-cert \(path)/foreign.crt -key \(path)/foreign.key")
        #expect(refused.contains("alert unknown ca"), "\(refused)")
        #expect(ask("-tls1_2").contains("alert protocol version"))
        let counted = eventually { server.statistics.failedHandshakes == 2 }
        #expect(counted)
      }
    }

    @Test func handshakesThatBreakOffAnywhereLeaveNothingBehind() async throws {
      let member = try fleet.member("a")
      let fleet = fleet
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        let hello = try recordedHello(fleet, as: member)
        for count in stride(from: 0, through: hello.count, by: 13) {
          let client = try RawClient(place)
          try client.send(Array(hello[..<count]))
          client.endSending()
          // What the server said until it gave up, which at the whole hello is its own half of the handshake.
          _ = try? client.receiveSome()
        }
        let ended = eventually { server.statistics.openConnections == 0 }
        #expect(ended)
        let name = try fleet.client(place, as: member).ask("/")
        #expect(name == hex(member.identity))
      }
    }

    /// The first record that a client sends.
    private func recordedHello(_ fleet: Fleet, as member: Fleet.Member) throws -> [UInt8] {
      var sockets: [Int32] = [0, 0]
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      guard socketpair(AF_UNIX, type, 0, &sockets) == 0 else { throw TemporaryFile.Failure() }
      defer { for socket in sockets { close(socket) } }
      let context = try TLSClientContext(member.credentials, trust: .authority(fleet.authority.certificate))
      _ = try context.makeSession(socket: sockets[0]).handshake()
      return [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
        count = max(0, recv(sockets[1], buffer.baseAddress, buffer.count, 0))
      }
    }
  }
}
