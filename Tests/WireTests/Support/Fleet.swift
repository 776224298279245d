import CLinux
import Glibc
import OpenSSLKit

@testable import Wire

/// An authority and those whom it has certified, as a server and its clients see them.
struct Fleet {
  struct Member {
    let key: Ed25519Key
    let certificate: Certificate
    var credentials: TLSCredentials { .memory([certificate], key) }
    var identity: [UInt8] { certificate.key.identity }
  }

  let authority: CertificateAuthority
  /// Of the server.
  let tls: TLSContext
  let server: Member

  static var now: Int64 { Int64(time(nil)) }

  init(named name: String = "authority", protocols: [String] = ["http/1.1"]) throws {
    authority = try CertificateAuthority.make(
      named: name, key: Ed25519Key(), ValidityPeriod(from: Self.now, seconds: 86_400))
    server = try Self.issue(by: authority, "server", ValidityPeriod(from: Self.now, seconds: 3_600))
    tls = try TLSContext(
      .memory([server.certificate, authority.certificate], server.key), clients: .authority(authority.certificate),
      minimumVersion: .tls13, protocols: protocols)
  }

  func member(_ name: String, _ validity: ValidityPeriod? = nil) throws -> Member {
    try Self.issue(by: authority, name, validity ?? ValidityPeriod(from: Self.now, seconds: 3_600))
  }

  private static func issue(by authority: CertificateAuthority, _ name: String, _ validity: ValidityPeriod) throws
    -> Member
  {
    let key = Ed25519Key()
    let certificate = try authority.issue(
      CertificateSubject(commonName: name), publicKey: key.publicBytes, validity)
    return Member(key: key, certificate: certificate)
  }

  func client(_ place: PeerAddress, as member: Member?) throws -> CertifiedClient {
    try CertifiedClient(place, member?.credentials, trust: .authority(authority.certificate))
  }
}

/// A client over the product's own session. Blocking, with a deadline.
final class CertifiedClient {
  enum Failure: Error {
    case handshake(TLSFailure?)
    case cut(TLSFailure?)
    case ended
    case late
  }

  let raw: RawClient
  let session: TLSSession
  private var received: [UInt8] = []

  init(
    _ place: PeerAddress, _ credentials: TLSCredentials?, trust: TLSTrust, expecting identity: [UInt8]? = nil,
    protocols: [String] = ["http/1.1"]
  ) throws {
    raw = try RawClient(place)
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(raw.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    session = try TLSClientContext(credentials, trust: trust, protocols: protocols)
      .makeSession(socket: raw.socket, expecting: identity)
    guard case .bytes = session.handshake() else { throw Failure.handshake(session.failure) }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    guard case .bytes(bytes.count) = bytes.withUnsafeBytes({ session.write($0) }) else {
      throw Failure.cut(session.failure)
    }
  }

  func receiveSome() throws -> [UInt8] {
    var step = TLSSession.Step.failed
    let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      step = session.read(into: UnsafeMutableRawBufferPointer(buffer))
      if case .bytes(let got) = step { count = got }
    }
    switch step {
    case .bytes: return bytes
    case .ended: throw Failure.ended
    case .failed: throw Failure.cut(session.failure)
    case .mustWaitToRead, .mustWaitToWrite: throw Failure.late
    }
  }

  func readAnswer() throws -> RawAnswer {
    var reader = AnswerReader(buffer: received)
    let answer = try reader.read { try self.receiveSome() }
    received = reader.buffer
    return answer
  }

  func ask(_ target: String) throws -> String {
    try send(get(target))
    return try readAnswer().text
  }
}

extension ClosureHandler {
  /// Says whom it takes the client for.
  static func whoAmI() -> ClosureHandler {
    ClosureHandler { request, _ in
      Response(status: 200, body: .bytes(Array(hex(request.client?.identity).utf8)))
    }
  }
}

func hex(_ identity: [UInt8]?) -> String {
  guard let identity else { return "nobody" }
  return identity.reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
}
