import BlockingWork
import COpenSSL

/// What a TLS server shows and accepts: certificate, key, versions, ciphers. Any thread.
///
/// `reload` reads the files again; sessions that run keep what they started with.
public final class TLSContext: Sendable {
  public enum Version: Sendable {
    case tls12
    case tls13

    fileprivate var number: Int32 {
      switch self {
      case .tls12: TLS1_2_VERSION
      case .tls13: TLS1_3_VERSION
      }
    }
  }

  public let certificatePath: String
  public let keyPath: String
  public let minimumVersion: Version
  private let current: Lock<LoadedContext>

  /// Reads the files, so it may block.
  /// - Parameters:
  ///   - certificatePath: the server's certificate and then those between it and the root, as PEM.
  ///   - keyPath: its private key as PEM, without passphrase.
  public init(certificatePath: String, keyPath: String, minimumVersion: Version = .tls12) throws(TLSFailure) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
    self.minimumVersion = minimumVersion
    current = Lock(try LoadedContext(certificatePath, keyPath, minimumVersion.number))
  }

  /// Reads certificate and key again, for connections to come. When they are not good the old ones stay. May block.
  public func reload() throws(TLSFailure) {
    let loaded = try LoadedContext(certificatePath, keyPath, minimumVersion.number)
    current.withLock { $0 = loaded }
  }

  /// The server's side of a session over a non-blocking socket, which stays the caller's.
  public func makeSession(socket: Int32) throws(TLSFailure) -> TLSSession {
    try TLSSession(current.withLock(\.self).pointer, socket: socket)
  }
}

/// One `SSL_CTX`. Its sessions hold references of their own.
private final class LoadedContext: @unchecked Sendable {
  // Unchecked: not changed after init, and OpenSSL counts references atomically.
  let pointer: OpaquePointer

  init(_ certificatePath: String, _ keyPath: String, _ minimumVersion: Int32) throws(TLSFailure) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSFailure("start TLS") }
    pointer = context
    shoal_tls_set_server_defaults(context)
    guard shoal_tls_set_minimum_version(context, minimumVersion) == 1,
      SSL_CTX_set_cipher_list(context, Self.ciphers) == 1
    else { throw TLSFailure("configure TLS") }
    // Without a callback OpenSSL would ask for a passphrase on the terminal.
    SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
    SSL_CTX_set_alpn_select_cb(context, Self.selectProtocol, nil)
    guard SSL_CTX_use_certificate_chain_file(context, certificatePath) == 1 else {
      throw TLSFailure("read the certificate \(certificatePath)")
    }
    guard SSL_CTX_use_PrivateKey_file(context, keyPath, SSL_FILETYPE_PEM) == 1 else {
      throw TLSFailure("read the key \(keyPath)")
    }
    guard SSL_CTX_check_private_key(context) == 1 else {
      throw TLSFailure("match the key \(keyPath) with the certificate \(certificatePath)")
    }
  }

  deinit { SSL_CTX_free(pointer) }

  /// Of TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

  /// `http/1.1` when the client offers it; else no protocol, which HTTP clients take for HTTP/1.1 too.
  private static let selectProtocol: SSL_CTX_alpn_select_cb_func = { _, chosen, chosenLength, offered, count, _ in
    guard let offered else { return SSL_TLSEXT_ERR_NOACK }
    let list = UnsafeBufferPointer(start: offered, count: Int(count))
    var start = 0
    while start < list.count {
      let length = Int(list[start])
      let end = start + 1 + length
      guard end <= list.count else { return SSL_TLSEXT_ERR_NOACK }
      if list[(start + 1)..<end].elementsEqual("http/1.1".utf8) {
        chosen?.pointee = offered + start + 1
        chosenLength?.pointee = UInt8(length)
        return SSL_TLSEXT_ERR_OK
      }
      start = end
    }
    return SSL_TLSEXT_ERR_NOACK
  }
}
