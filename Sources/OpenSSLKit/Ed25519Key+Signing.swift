import COpenSSL

/// RFC 8032, the plain form (no context, no prehash): the same key and bytes always give the same 64 bytes.
extension Ed25519Key {
  public static let signatureByteCount = 64

  /// The signature, 64 bytes. Costs about 50 µs: for a thread that may be busy for so long.
  public func sign(_ bytes: [UInt8]) -> [UInt8] {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var count = Self.signatureByteCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let begun = EVP_DigestSignInit(context, nil, nil, nil, pointer)
      let code = begun == 1 ? EVP_DigestSign(context, buffer.baseAddress, &count, bytes, bytes.count) : begun
      precondition(code == 1, "OpenSSL could not sign")
      initialized = count
    }
  }

  /// Whether the owner of the public key signed these bytes. `false` also for a key or a signature of another length.
  public static func isSignature(_ signature: [UInt8], of bytes: [UInt8], publicKey: [UInt8]) -> Bool {
    Ed25519PublicKey(publicKey)?.isSignature(signature, of: bytes) ?? false
  }
}
