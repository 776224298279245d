import COpenSSL
import Glibc
import OpenSSLKit
import Testing

struct TLSTests {
  private let pki: PKI
  private let otherKey = Ed25519Key()
  private let other: Certificate
  private let server: TLSContext
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    pki = try PKI()
    other = try pki.authority.issue(
      CertificateSubject(commonName: "other"), publicKey: otherKey.publicBytes,
      ValidityPeriod(from: PKI.now, seconds: 3_600))
    server = try Self.server(pki)
  }

  static func server(_ pki: PKI, protocols: [String] = ["http/1.1"]) throws -> TLSContext {
    try TLSContext(
      .memory([pki.certificate, pki.authority.certificate], pki.key), clients: .authority(pki.authority.certificate),
      minimumVersion: .tls13, protocols: protocols)
  }

  private func client(_ trust: TLSTrust? = nil, protocols: [String] = ["http/1.1"]) throws -> TLSClientContext {
    try TLSClientContext(
      .memory([other], otherKey), trust: trust ?? .authority(pki.authority.certificate), protocols: protocols)
  }

  private var authorityIdentity: [UInt8] { pki.authority.certificate.key.identity }

  // MARK: Both sides good

  @Test func bothSidesKnowEachOtherAndSpeak() throws {
    let pair = try TLSPair(try client(), server, expecting: pki.certificate.key.identity)
    #expect(pair.clientEnd == .done)
    #expect(pair.serverEnd == .done)
    #expect(pair.server.peer?.identity == StreamingHash.hash(otherKey.publicBytes, .sha256))
    #expect(pair.server.peer?.key == other.key)
    #expect(pair.server.peer?.validity == other.validity)
    #expect(pair.client.peer?.key.ed25519 == pki.key.publicBytes)
    #expect(pair.write("hello", pair.client))
    pair.turn()
    #expect(pair.read(pair.server) == Array("hello".utf8))
  }

  @Test func clientWithoutACertificateIsNobody() throws {
    let stranger = try TLSClientContext(nil, trust: .authority(pki.authority.certificate))
    let pair = try TLSPair(stranger, server)
    #expect(pair.clientEnd == .done)
    #expect(pair.serverEnd == .done)
    #expect(pair.server.peer == nil)
    #expect(pair.client.peer != nil)
  }

  @Test func nothingIsKnownOfThePeerBeforeTheHandshakeHasEnded() throws {
    let pair = try TLSPair(try client(), server) { Array($0.prefix(600)) }
    #expect(pair.serverEnd == .open)
    #expect(pair.server.peer == nil)
  }

  @Test(
    arguments: [
      (["shoal-swarm/1"], "shoal-swarm/1"), (["http/1.1"], "http/1.1"), (["h2", "shoal-swarm/1"], "shoal-swarm/1"),
      (["shoal-swarm/1", "http/1.1"], "http/1.1"), (["h2"], nil), ([], nil),
    ] as [([String], String?)])
  func bothSidesAreToldWhatToSpeak(offered: [String], expected: String?) throws {
    let server = try Self.server(pki, protocols: ["http/1.1", "shoal-swarm/1"])
    let pair = try TLSPair(try client(protocols: offered), server)
    #expect(pair.serverEnd == .done)
    #expect(pair.server.chosenProtocol == expected)
    #expect(pair.client.chosenProtocol == expected)
  }

  // MARK: Whom the client speaks to

  @Test func pinnedAuthorityIsEnough() throws {
    let pair = try TLSPair(try client(.pinned(authority: authorityIdentity)), server)
    #expect(pair.clientEnd == .done)
    #expect(pair.client.peer?.identity == pki.certificate.key.identity)
  }

  @Test func pinnedClientTellsNothingToAServerOfAnotherAuthority() throws {
    let foreign = try PKI()
    let pair = try TLSPair(try client(.pinned(authority: authorityIdentity)), try Self.server(foreign))
    expectNothingTold(pair)
    #expect(pair.client.failure?.description == "believe the peer: unable to get local issuer certificate")
  }

  @Test func clientTellsNothingToAnotherThanTheExpectedPeer() throws {
    let expected = [UInt8](repeating: 7, count: 32)
    for trust in [TLSTrust.authority(pki.authority.certificate), .pinned(authority: authorityIdentity)] {
      let pair = try TLSPair(try client(trust), server, expecting: expected)
      expectNothingTold(pair)
      #expect(pair.client.failure?.description == "know the peer: it is another one than the one to be spoken to")
    }
  }

  /// The client's hello, and that it ends: an alert, which TLS 1.3 sends as a record of 19 bytes.
  private func expectNothingTold(_ pair: TLSPair) {
    #expect(pair.clientEnd == .failed)
    #expect(pair.serverEnd == .failed)
    #expect(pair.client.peer == nil)
    #expect(pair.server.peer == nil)
    #expect(!pair.write("secret", pair.client))
    pair.turn()
    #expect(pair.read(pair.server) == nil)
    let records = records(pair.sent)
    #expect(records.first?.kind == 22)
    #expect(records.dropFirst().allSatisfy { $0.kind == 20 || $0.kind == 23 && $0.count == 19 || $0.kind == 21 })
    #expect(records.count <= 3)
  }

  private func records(_ bytes: [UInt8]) -> [(kind: UInt8, count: Int)] {
    var (start, records): (Int, [(kind: UInt8, count: Int)]) = (0, [])
    while start + 5 <= bytes.count {
      let count = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
      records.append((bytes[start], count))
      start += 5 + count
    }
    return records
  }

  /// The pinned authority's own certificate with another's signature on the leaf; and without the authority's at all.
  @Test func pinIsOfTheKeyThatSignedAndNotOfACertificateThatComesAlong() throws {
    let foreign = try PKI()
    let client = try client(.pinned(authority: authorityIdentity))
    let chains = [
      [foreign.certificate, pki.authority.certificate],
      [foreign.certificate, foreign.authority.certificate, pki.authority.certificate], [foreign.certificate],
    ]
    for chain in chains {
      let server = try TLSContext(.memory(chain, foreign.key), minimumVersion: .tls13)
      #expect(try TLSPair(client, server).clientEnd == .failed)
    }
    let silent = try TLSContext(.memory([pki.certificate], pki.key), minimumVersion: .tls13)
    #expect(try TLSPair(client, silent).clientEnd == .failed)
  }

  /// It is prolonged by a year, which its signature forbids.
  @Test func pinnedAuthorityThatWasAlteredIsNone() throws {
    let whole = pki.authority.certificate.der
    // UTCTime YYMMDDhhmmssZ; the end is the second of the two. Keys and signatures may hold any two bytes.
    let end = whole.indices.last {
      whole[$0...].starts(with: [0x17, 13]) && whole[$0...].prefix(15).last == UInt8(ascii: "Z")
    }
    let place = try #require(end)
    var altered = whole
    altered[place + 3] ^= 1
    let authority = try #require(Certificate(der: altered))
    #expect(authority.key == pki.authority.certificate.key)
    #expect(authority.validity.contains(PKI.now))
    let server = try TLSContext(.memory([pki.certificate, authority], pki.key), minimumVersion: .tls13)
    #expect(try TLSPair(try client(.pinned(authority: authorityIdentity)), server).clientEnd == .failed)
  }

  @Test func contextOfAnotherLibraryIsMadeToBelieveTheSameAndNobodyElse() throws {
    let foreign = try PKI()
    let foreignServer = try Self.server(foreign)
    let expectations: [(TLSContext, [UInt8]?, Bool)] = [
      (server, nil, true), (server, pki.certificate.key.identity, true), (server, other.key.identity, false),
      (foreignServer, nil, false),
    ]
    for (server, identity, expected) in expectations {
      let context = try #require(SSL_CTX_new(TLS_client_method()))
      X509_STORE_load_file(
        SSL_CTX_get_cert_store(context), try folder.write("foreign.crt", foreign.authority.certificate.pem))
      try client().configure(context, expecting: identity)
      let isGood = try handshake(SSL_new(context), server)
      SSL_CTX_free(context)
      #expect(isGood == expected)
    }
  }

  /// Whether a session of another library's context ends its handshake well.
  private func handshake(_ session: OpaquePointer?, _ server: TLSContext) throws -> Bool {
    defer { SSL_free(session) }
    var sockets: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &sockets) == 0)
    defer { for socket in sockets { close(socket) } }
    SSL_set_fd(session, sockets[0])
    let far = try server.makeSession(socket: sockets[1])
    for _ in 0..<10 {
      if SSL_connect(session) == 1 { return true }
      _ = far.handshake()
    }
    return false
  }

  // MARK: An operator's own

  @Test func operatorsOwnAuthoritiesMayHaveOthersBetween() throws {
    let own = try OperatorPKI()
    let node = TLSCredentials.files(certificatePath: own.path("node.crt"), keyPath: own.path("node.key"))
    let trust = TLSTrust.roots(path: own.path("root.crt"))
    let server = try TLSContext(node, clients: trust, minimumVersion: .tls13)
    let pair = try TLSPair(try TLSClientContext(node, trust: trust), server)
    #expect(pair.clientEnd == .done)
    let leaf = try #require(Certificate.all(pem: try own.folder.read("node.crt"))?.first)
    #expect(leaf.key.ed25519 == nil)
    #expect(pair.server.peer?.identity == leaf.key.infoHash)
    #expect(try TLSPair(try client(), server).serverEnd == .failed)
    #expect(try TLSPair(try TLSClientContext(node, trust: trust), self.server).serverEnd == .failed)
  }

  @Test func authorityOfAFleetHasNobodyBetween() throws {
    let own = try OperatorPKI()
    let root = try #require(Certificate(pem: try own.folder.read("root.crt")))
    let node = TLSCredentials.files(certificatePath: own.path("node.crt"), keyPath: own.path("node.key"))
    let server = try TLSContext(node, clients: .authority(root), minimumVersion: .tls13)
    let pair = try TLSPair(try TLSClientContext(node, trust: .roots(path: own.path("root.crt"))), server)
    #expect(pair.serverEnd == .failed)
  }

  @Test func filesThatAreNotGoodAreExplained() throws {
    let folder = try TemporaryFolder()
    let trust = #expect(throws: TLSFailure.self) {
      try TLSClientContext(nil, trust: .roots(path: "\(folder.path)/none"))
    }
    #expect(trust?.description.contains("\(folder.path)/none") == true)
    #expect(throws: TLSFailure.self) { try TLSContext(.memory([pki.certificate], otherKey)) }
    #expect(throws: TLSFailure.self) { try TLSContext(.memory([], otherKey)) }
  }

  // MARK: Before anything is shown

  @Test func chainIsCheckedBeforeItIsShown() throws {
    let own = try OperatorPKI()
    let node = try #require(Certificate.all(pem: try own.folder.read("node.crt")))
    let root = TLSTrust.roots(path: own.path("root.crt"))
    let fleet = TLSTrust.authority(pki.authority.certificate)
    try root.check(node)
    try fleet.check([other])
    try TLSTrust.pinned(authority: authorityIdentity).check([other, pki.authority.certificate])
    let late = try pki.authority.issue(
      PKI.subject, publicKey: otherKey.publicBytes, ValidityPeriod(notBefore: PKI.now - 9, notAfter: PKI.now - 1))
    let refused: [(TLSTrust, [Certificate], String)] = [
      (root, [node[0]], "unable to get local issuer certificate"),
      (root, [other], "unable to get local issuer certificate"),
      (fleet, [], "there is none"), (fleet, [late], "certificate has expired"),
      (fleet, [try PKI().certificate], "unable to get local issuer certificate"),
      (fleet, [pki.authority.certificate], "unsuitable certificate purpose"),
      (.pinned(authority: authorityIdentity), [other], "unable to get local issuer certificate"),
    ]
    for (trust, chain, reason) in refused {
      let failure = #expect(throws: TLSFailure.self) { try trust.check(chain) }
      #expect(failure?.reason == reason)
    }
    #expect(ERR_peek_error() == 0)
  }

  // MARK: Handshakes that break

  @Test func everyTruncatedHandshakeEndsInNothing() throws {
    let whole = try TLSPair(try client(), server).sent
    for count in stride(from: 0, to: whole.count, by: 7) {
      let pair = try TLSPair(try client(), server) { Array($0.prefix(count)) }
      #expect(pair.serverEnd == .open)
      pair.hangUp()
      #expect(pair.serverEnd == .failed)
      #expect(pair.server.peer == nil)
      #expect(pair.server.failure != nil)
    }
  }

  @Test func anyByteThatIsAlteredAfterTheHelloBreaksTheHandshake() throws {
    let whole = try TLSPair(try client(), server).sent
    let hello = 5 + (Int(whole[3]) << 8 | Int(whole[4]))
    // A change_cipher_spec record of six bytes says nothing and is passed over, whatever it held.
    for place in stride(from: hello + 6, to: whole.count, by: 5) {
      let pair = try TLSPair(try client(), server) { bytes in
        guard place < bytes.count else { return bytes }
        var altered = bytes
        altered[place] ^= 0x55
        return altered
      }
      if pair.serverEnd == .open { pair.hangUp() }
      #expect(pair.serverEnd == .failed, "byte \(place)")
      #expect(pair.server.peer == nil)
    }
  }

  @Test func newCredentialsAreForSessionsToComeAndBadOnesAreNotTaken() throws {
    let old = try TLSPair(try client(), server)
    let foreign = try PKI()
    #expect(throws: TLSFailure.self) { try server.replace(.memory([pki.certificate], foreign.key), clients: nil) }
    #expect(try TLSPair(try client(), server).serverEnd == .done)
    try server.replace(
      .memory([foreign.certificate], foreign.key), clients: .authority(foreign.authority.certificate))
    #expect(try TLSPair(try client(), server).clientEnd == .failed)
    #expect(old.write("still", old.client))
    old.turn()
    #expect(old.read(old.server) == Array("still".utf8))
  }
}
