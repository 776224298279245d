import COpenSSL

/// A public Ed25519 key, made ready to check many signatures. Any thread.
public final class Ed25519PublicKey: @unchecked Sendable {
  // Unchecked: OpenSSL counts references to a key and only reads it after it was made.
  let pointer: OpaquePointer

  public static let byteCount = 32

  /// The 32 bytes as everybody writes them.
  public let bytes: [UInt8]

  /// `nil`: a key has 32 bytes. Bytes that are no point of the curve make a key under which no signature is right.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else { return nil }
    (pointer, self.bytes) = (key, bytes)
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Whether the owner of the key signed these bytes. `false` also for a signature that has not 64 bytes. Costs about
  /// 120 µs: for a thread that may be busy for so long.
  public func isSignature(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
    guard signature.count == Ed25519Key.signatureByteCount else { return false }
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      // A wrong signature leaves an error that another call on this thread would take for its own.
      ERR_clear_error()
    }
    guard EVP_DigestVerifyInit(context, nil, nil, nil, pointer) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
  }
}
