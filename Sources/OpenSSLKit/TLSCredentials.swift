import COpenSSL

/// What one side of TLS shows of itself: a certificate, those between it and the root, and the certificate's key.
public enum TLSCredentials: Sendable {
  /// PEM files, the certificate first; the key without passphrase.
  case files(certificatePath: String, keyPath: String)
  /// The certificate first. Whoever pins the root by its key must be shown the root too: let it stand last.
  case memory([Certificate], Ed25519Key)

  func install(in context: OpaquePointer) throws(TLSFailure) {
    // Without a callback OpenSSL would ask for a passphrase on the terminal.
    SSL_CTX_set_default_passwd_cb(context, refusePassphrase)
    switch self {
    case .files(let certificatePath, let keyPath): try Self.install(certificatePath, keyPath, in: context)
    case .memory(let certificates, let key): try Self.install(certificates, key, in: context)
    }
  }

  private static func install(_ certificatePath: String, _ keyPath: String, in context: OpaquePointer)
    throws(TLSFailure)
  {
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

  private static func install(_ certificates: [Certificate], _ key: Ed25519Key, in context: OpaquePointer)
    throws(TLSFailure)
  {
    guard let own = certificates.first, SSL_CTX_use_certificate(context, own.pointer) == 1 else {
      throw TLSFailure("use the certificate")
    }
    for other in certificates.dropFirst() {
      guard SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(other.pointer)) == 1 else {
        throw TLSFailure("use the certificate's chain")
      }
    }
    guard SSL_CTX_use_PrivateKey(context, key.pointer) == 1, SSL_CTX_check_private_key(context) == 1 else {
      throw TLSFailure("match the key with the certificate")
    }
  }
}
