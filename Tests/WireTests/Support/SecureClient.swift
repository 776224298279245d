import COpenSSL
import Glibc

@testable import Wire

/// A TLS client over a `RawClient`'s socket. Blocking. Checks no certificate: the tests look at its serial number.
final class SecureClient {
  enum Failure: Error, Equatable {
    case handshake
    case ended
    case cut
  }

  let raw: RawClient
  private let context: OpaquePointer
  private let session: OpaquePointer
  private var received: [UInt8] = []

  /// - Parameters:
  ///   - prepare: the context, before a session is made.
  ///   - earlier: a session to be resumed.
  init(
    _ place: PeerAddress, version: Int32 = TLS1_3_VERSION, protocols: [String] = [], earlier: OpaquePointer? = nil,
    _ prepare: (OpaquePointer?) -> Void = { _ in }
  ) throws {
    raw = try RawClient(place)
    context = SSL_CTX_new(TLS_client_method())
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
    prepare(context)
    session = SSL_new(context)
    if let earlier { SSL_set_session(session, earlier) }
    let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    if !list.isEmpty { SSL_set_alpn_protos(session, list, UInt32(list.count)) }
    SSL_set_fd(session, raw.socket)
    guard SSL_connect(session) == 1 else { throw Failure.handshake }
  }

  /// What could be resumed. The caller's to free.
  func takeSession() -> OpaquePointer? { SSL_get1_session(session) }

  var isResumed: Bool { SSL_session_reused(session) == 1 }

  /// Asks for a new handshake on the same connection. False when that cannot even be said.
  func renegotiate() -> Bool { SSL_renegotiate(session) == 1 && SSL_do_handshake(session) == 1 }

  deinit {
    SSL_free(session)
    SSL_CTX_free(context)
  }

  var serial: Int {
    guard let certificate = SSL_get1_peer_certificate(session) else { return -1 }
    defer { X509_free(certificate) }
    return ASN1_INTEGER_get(X509_get0_serialNumber(certificate))
  }

  var chosenProtocol: String {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(session, &start, &count)
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    ERR_clear_error()
    guard SSL_write(session, bytes, Int32(bytes.count)) == Int32(bytes.count) else { throw Failure.cut }
  }

  func receiveSome() throws -> [UInt8] {
    ERR_clear_error()
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      code = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
      count = Int(max(0, code))
    }
    if code > 0 { return bytes }
    throw SSL_get_error(session, code) == SSL_ERROR_ZERO_RETURN ? Failure.ended : Failure.cut
  }

  func readAnswer() throws -> RawAnswer {
    var reader = AnswerReader(buffer: received)
    let answer = try reader.read { try self.receiveSome() }
    received = reader.buffer
    return answer
  }
}
