import COpenSSL

/// The server's side of one TLS connection over a non-blocking socket. One thread at a time.
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
  private var isBroken = false

  init(_ context: OpaquePointer, socket: Int32) throws(TLSFailure) {
    ERR_clear_error()
    guard let session = SSL_new(context) else { throw TLSFailure("start a TLS session") }
    self.session = session
    guard SSL_set_fd(session, socket) == 1 else { throw TLSFailure("start a TLS session") }
    SSL_set_accept_state(session)
  }

  deinit { SSL_free(session) }

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
      isBroken = true
      return .failed
    }
  }
}
