import COpenSSL

/// One side of one TLS connection over a socket. One thread at a time.
///
/// Clears OpenSSL's error queue before each call: an old error of another session on this thread would be taken for ours.
/// SIGPIPE must be ignored by the process.
public final class TLSSession {
  /// What one attempt came to.
  public enum Step: Sendable {
    case bytes(Int)
    case mustWaitToRead
    case mustWaitToWrite
    /// The peer said that it sends no more.
    case ended
    /// Broken; say nothing more to the peer.
    case failed
  }

  private let session: OpaquePointer
  private let verifies: Bool
  private var isBroken = false
  /// The first error of OpenSSL's queue when it broke.
  private var errorCode: UInt = 0

  init(_ context: LoadedContext, _ side: LoadedContext.Side, socket: Int32) throws(TLSFailure) {
    ERR_clear_error()
    guard let session = SSL_new(context.pointer) else { throw TLSFailure("start a TLS session") }
    self.session = session
    verifies = SSL_get_verify_mode(session) != SSL_VERIFY_NONE
    guard SSL_set_fd(session, socket) == 1 else { throw TLSFailure("start a TLS session") }
    if side == .server { SSL_set_accept_state(session) } else { SSL_set_connect_state(session) }
  }

  deinit { SSL_free(session) }

  /// Before the handshake.
  func expect(_ identity: [UInt8]) throws(TLSFailure) {
    try TLSExpectation(identity).attach(to: session)
  }

  /// Goes on with the handshake; `.bytes(0)` when it is done.
  public func handshake() -> Step {
    ERR_clear_error()
    let code = SSL_do_handshake(session)
    return code == 1 ? .bytes(0) : step(code)
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
    ERR_clear_error()
    var count = 0
    let code = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
    return code == 1 ? .bytes(count) : step(code)
  }

  /// May take a part. After a wait the same bytes must be offered again, wherever they are then.
  public func write(_ bytes: UnsafeRawBufferPointer) -> Step {
    ERR_clear_error()
    var count = 0
    let code = SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
    return code == 1 ? .bytes(count) : step(code)
  }

  /// Bytes that are decrypted already.
  public var pendingBytes: Int { Int(SSL_pending(session)) }

  /// After the handshake: who the peer is. `nil` when it showed no certificate or was not asked for one. Made anew at each
  /// call: keep it.
  public var peer: TLSPeer? {
    verifies && SSL_is_init_finished(session) == 1 ? TLSPeer(of: session) : nil
  }

  /// After the handshake: what ALPN agreed on.
  public var chosenProtocol: String? {
    var (start, count): (UnsafePointer<UInt8>?, UInt32) = (nil, 0)
    SSL_get0_alpn_selected(session, &start, &count)
    return start.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
  }

  /// For people: what was wrong, when a step has failed. That the server does not believe it, a client learns at its first
  /// read.
  public var failure: TLSFailure? {
    guard isBroken else { return nil }
    let verdict = SSL_get_verify_result(session)
    switch Int32(truncatingIfNeeded: verdict) {
    case X509_V_OK: return TLSFailure("speak TLS with the peer", errorCode)
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return TLSFailure("know the peer", reason: "it is another one than the one to be spoken to")
    default: return TLSFailure("believe the peer", reason: String(cString: X509_verify_cert_error_string(verdict)))
    }
  }

  /// Tells the peer that everything was said. Without it an end looks like a cut, as it should when it is one.
  public func end() {
    guard !isBroken, SSL_is_init_finished(session) == 1 else { return }
    ERR_clear_error()
    // Whether it could be sent does not matter any more: the socket is closed next.
    SSL_shutdown(session)
  }

  private func step(_ code: Int32) -> Step {
    switch SSL_get_error(session, code) {
    case SSL_ERROR_WANT_READ: return .mustWaitToRead
    case SSL_ERROR_WANT_WRITE: return .mustWaitToWrite
    case SSL_ERROR_ZERO_RETURN: return .ended
    default:
      if !isBroken { errorCode = ERR_peek_error() }
      isBroken = true
      return .failed
    }
  }
}
