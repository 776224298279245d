import COpenSSL

/// Whose certificates one side of TLS believes. Time, purpose and signatures are checked in each case, names never: who
/// the peer is, its key says.
public enum TLSTrust: Sendable {
  /// Those that this authority issued itself, with nobody between. Whether it signed itself or a root of an operator's did
  /// is all one: the trust begins here, and the root's other children are strangers.
  case authority(Certificate)
  /// Those that lead to a root in this PEM file, by way of a few authorities at most: an operator's own PKI.
  case roots(path: String)
  /// Those that an authority with a key of this `CertificateKey.identity` issued itself. The authority's certificate
  /// must come along in the peer's chain.
  case pinned(authority: [UInt8])

  /// Authorities between a root and its leaf.
  private static let intermediateLimit: Int32 = 4

  /// Whatever the context believed before is forgotten.
  func install(in context: OpaquePointer) throws(TLSFailure) {
    guard let store = X509_STORE_new() else { throw TLSFailure("keep certificates") }
    SSL_CTX_set_cert_store(context, store)
    try fill(store)
    SSL_CTX_set_verify_depth(context, depth)
  }

  private var depth: Int32 {
    if case .roots = self { Self.intermediateLimit } else { 0 }
  }

  func fill(_ store: OpaquePointer) throws(TLSFailure) {
    X509_STORE_set_depth(store, depth)
    switch self {
    case .authority(let certificate):
      guard X509_STORE_add_cert(store, certificate.pointer) == 1 else { throw TLSFailure("use the authority") }
      X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    case .roots(let path):
      guard X509_STORE_load_file(store, path) == 1 else { throw TLSFailure("read the authorities \(path)") }
    case .pinned:
      // What the peer calls its root is no root unless it signed itself: it may not have been altered on the way.
      X509_STORE_set_flags(store, UInt(X509_V_FLAG_CHECK_SS_SIGNATURE))
    }
  }

  /// Called within a handshake. What is wrong stands in `verification` then.
  func accepts(_ verification: OpaquePointer) -> Bool {
    guard case .pinned(let identity) = self else { return X509_verify_cert(verification) == 1 }
    guard let authority = Self.find(identity, in: X509_STORE_CTX_get0_untrusted(verification)) else {
      X509_STORE_CTX_set_error(verification, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
      return false
    }
    guard let trusted = OPENSSL_sk_new_null() else { return false }
    // The stack is only looked at while the chain is built, and the certificate is the peer's chain's.
    defer { OPENSSL_sk_free(trusted) }
    guard OPENSSL_sk_push(trusted, UnsafeRawPointer(authority)) > 0 else { return false }
    X509_STORE_CTX_set0_trusted_stack(verification, trusted)
    return X509_verify_cert(verification) == 1
  }

  private static func find(_ identity: [UInt8], in chain: OpaquePointer?) -> OpaquePointer? {
    for index in 0..<max(0, OPENSSL_sk_num(chain)) {
      guard let shown = OPENSSL_sk_value(chain, index).map({ OpaquePointer($0) }) else { continue }
      if CertificateKey(of: shown)?.identity == identity { return shown }
    }
    return nil
  }
}
