import COpenSSL

/// The public key that a certificate speaks for, and what names it.
public struct CertificateKey: Hashable, Sendable {
  /// The 32 bytes of an Ed25519 key; `nil` for a key of another kind.
  public let ed25519: [UInt8]?
  /// SHA-256 of the SubjectPublicKeyInfo: what other programs call a key's pin.
  public let infoHash: [UInt8]
  /// What tells the key's owner from all others: SHA-256 of an Ed25519 key's 32 bytes, `infoHash` for other kinds.
  public let identity: [UInt8]

  /// `nil` when OpenSSL knows no such key.
  init?(of certificate: OpaquePointer) {
    guard let key = X509_get0_pubkey(certificate), let info = Self.info(of: certificate) else {
      ERR_clear_error()
      return nil
    }
    ed25519 = Self.ed25519(key)
    infoHash = StreamingHash.hash(info, .sha256)
    identity = ed25519.map { StreamingHash.hash($0, .sha256) } ?? infoHash
  }

  private static func ed25519(_ key: OpaquePointer) -> [UInt8]? {
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Ed25519PublicKey.byteCount)
    var count = bytes.count
    return EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 && count == bytes.count ? bytes : nil
  }

  private static func info(of certificate: OpaquePointer) -> [UInt8]? {
    var start: UnsafeMutablePointer<UInt8>?
    let count = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &start)
    guard count > 0, let start else { return nil }
    defer { CRYPTO_free(start, nil, 0) }
    return [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
  }
}
