import COpenSSL
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  struct SecureTests {
    private let folder: TemporaryFolder
    private let tls: TLSContext

    init() throws {
      folder = try TemporaryFolder()
      let (certificate, key) = ("\(folder.path)/cert.pem", "\(folder.path)/key.pem")
      try TestCertificate.write(certificatePath: certificate, keyPath: key, serial: 1)
      tls = try TLSContext(certificatePath: certificate, keyPath: key)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func requestsAreServedOverBothVersions(version: Int32) async throws {
      let handler = ClosureHandler { request, _ in
        Response(status: 200, body: .bytes(Array("\(request.isSecure)".utf8)))
      }
      try await serving(handler, tls: tls) { _, place in
        let client = try SecureClient(place, version: version, protocols: ["h2", "http/1.1"])
        #expect(client.chosenProtocol == "http/1.1")
        try client.send(get("/a") + get("/b"))
        #expect(try client.readAnswer().text == "true")
        #expect(try client.readAnswer().text == "true")
      }
    }

    @Test func olderVersionIsRefused() async throws {
      try await serving(ClosureHandler.echo(), tls: tls) { server, place in
        #expect(throws: SecureClient.Failure.handshake) { try SecureClient(place, version: TLS1_1_VERSION) }
        let failed = eventually { server.statistics.failedHandshakes == 1 && server.statistics.openConnections == 0 }
        #expect(failed)
      }
    }

    @Test func largeBodiesArriveWholeInBothDirections() async throws {
      let bytes = patterned(7_000_000)
      let file = try TemporaryFile(bytes)
      let handler = ClosureHandler { request, body in
        if request.path == "/file" { return Response(status: 200, body: .file(file.region(5..<bytes.count))) }
        if request.path == "/cold" {
          file.makeCold()
          return Response(status: 200, body: .file(file.region(0..<bytes.count)))
        }
        var received: [UInt8] = []
        while let piece = try? await body.next() { received += piece }
        return Response(status: 200, body: .bytes(received))
      }
      try await serving(handler, tls: tls) { _, place in
        let client = try SecureClient(place)
        try client.send(get("/", "Content-Length: \(bytes.count)\r\n", method: "PUT"))
        try client.send(bytes)
        #expect(try client.readAnswer().body == bytes)
        try client.send(get("/file") + get("/cold"))
        #expect(try client.readAnswer().body == Array(bytes[5...]))
        #expect(try client.readAnswer().body == bytes)
        try client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "PUT"))
        for start in stride(from: 0, to: 1_000_000, by: 50_000) {
          try client.send(Array("c350\r\n".utf8) + bytes[start..<start + 50_000] + Array("\r\n".utf8))
        }
        try client.send("0\r\n\r\n")
        #expect(try client.readAnswer().body == Array(bytes[..<1_000_000]))
      }
    }

    @Test func endIsAnnouncedWhenAllWasSaidAndOnlyThen() async throws {
      let file = try TemporaryFile(patterned(100_000))
      let handler = ClosureHandler { request, _ in
        Response(status: 200, body: .file(file.region(0..<(request.path == "/whole" ? 100_000 : 100_001))))
      }
      try await serving(handler, tls: tls) { _, place in
        let whole = try SecureClient(place)
        try whole.send(get("/whole", "Connection: close\r\n"))
        #expect(try whole.readAnswer().body.count == 100_000)
        #expect(throws: SecureClient.Failure.ended) { try whole.receiveSome() }
        let short = try SecureClient(place)
        try short.send(get("/short", "Connection: close\r\n"))
        #expect(throws: SecureClient.Failure.cut) { while true { _ = try short.receiveSome() } }
      }
    }

    @Test func answerToALargeUnreadBodyIsReadAfterAllOfItWasSent() async throws {
      try await serving(ClosureHandler { _, _ in Response(status: 401) }, tls: tls) { _, place in
        let client = try SecureClient(place)
        try client.send(get("/", "Content-Length: 33554432\r\n", method: "PUT"))
        for _ in 0..<32 { try client.send([UInt8](repeating: 1, count: 1 << 20)) }
        #expect(try client.readAnswer().status == 401)
        #expect(throws: SecureClient.Failure.ended) { try client.receiveSome() }
      }
    }

    @Test func reloadedCertificateIsShownToNewConnectionsAndOldOnesGoOn() async throws {
      let (tls, folder) = (tls, folder)
      try await serving(ClosureHandler.echo(), tls: tls) { _, place in
        let old = try SecureClient(place)
        #expect(old.serial == 1)
        try TestCertificate.write(
          certificatePath: "\(folder.path)/cert.pem", keyPath: "\(folder.path)/key.pem", serial: 2)
        try tls.reload()
        #expect(try SecureClient(place).serial == 2)
        try old.send(get("/still"))
        #expect(try old.readAnswer().text == "GET /still")
      }
    }

    @Test func badFilesAreExplainedAndTheOldOnesStay() async throws {
      let (tls, folder) = (tls, folder)
      try await serving(ClosureHandler.echo(), tls: tls) { _, place in
        let (certificate, key) = ("\(folder.path)/cert.pem", "\(folder.path)/key.pem")
        try TestCertificate.write(certificatePath: certificate, keyPath: "\(folder.path)/other.pem", serial: 2)
        let mismatch = #expect(throws: TLSFailure.self) { try tls.reload() }
        #expect(mismatch?.description.contains(key) == true)
        unlink(certificate)
        let missing = #expect(throws: TLSFailure.self) { try tls.reload() }
        #expect(missing?.description.contains(certificate) == true)
        #expect(try SecureClient(place).serial == 1)
      }
    }

    @Test func handshakeThatStallsDiesAtItsDeadline() async throws {
      var limits = WireLimits()
      limits.handshakeDeadline = .milliseconds(300)
      try await serving(ClosureHandler.echo(), limits: limits, tls: tls) { server, place in
        let silent = try RawClient(place)
        let trickling = try RawClient(place)
        try trickling.send([0x16, 0x03, 0x01])
        #expect(throws: RawClient.Failure.self) { try silent.receiveSome() }
        #expect(throws: RawClient.Failure.self) { try trickling.receiveSome() }
        let failed = eventually { server.statistics.failedHandshakes == 2 && server.statistics.openConnections == 0 }
        #expect(failed)
      }
    }

    @Test func plaintextOnASecurePortIsTurnedAway() async throws {
      try await serving(ClosureHandler.echo(), tls: tls) { server, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        let failed = eventually { server.statistics.failedHandshakes == 1 && server.statistics.openConnections == 0 }
        #expect(failed)
      }
    }
  }
}
