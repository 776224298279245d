import COpenSSL

extension TLSTrust {
  /// Says whether peers with this trust will believe who shows this chain, now, as a client and as a server: to be asked
  /// before it is shown, since a handshake explains little. May block where the trust lies in a file.
  /// - Parameter chain: the certificate first, then those between it and the root.
  public func check(_ chain: [Certificate]) throws(TLSFailure) {
    for purpose in [X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_SSL_SERVER] { try check(chain, purpose) }
  }

  private func check(_ chain: [Certificate], _ purpose: Int32) throws(TLSFailure) {
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let leaf = chain.first else { throw TLSFailure("believe the certificate", reason: "there is none") }
    guard let store = X509_STORE_new(), let others = OPENSSL_sk_new_null(), let verification = X509_STORE_CTX_new()
    else { throw TLSFailure("keep certificates") }
    // In this order: the verification looks at both until it is freed.
    defer {
      X509_STORE_CTX_free(verification)
      OPENSSL_sk_free(others)
      X509_STORE_free(store)
    }
    try fill(store)
    for certificate in chain {
      guard OPENSSL_sk_push(others, UnsafeRawPointer(certificate.pointer)) > 0 else {
        throw TLSFailure("keep certificates")
      }
    }
    guard X509_STORE_CTX_init(verification, store, leaf.pointer, others) == 1,
      X509_STORE_CTX_set_purpose(verification, purpose) == 1
    else { throw TLSFailure("verify the certificate") }
    let isGood = withExtendedLifetime(chain) { accepts(verification) }
    guard !isGood else { return }
    let verdict = Int(X509_STORE_CTX_get_error(verification))
    throw TLSFailure("believe the certificate", reason: String(cString: X509_verify_cert_error_string(verdict)))
  }
}
