import COpenSSL

/// A private Ed25519 key. Any thread.
public final class Ed25519Key: @unchecked Sendable {
  // Unchecked: OpenSSL counts references to a key and only reads it after it was made.
  let pointer: OpaquePointer

  /// Makes a new one.
  public init() {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    let code = EVP_PKEY_keygen_init(context) == 1 ? EVP_PKEY_keygen(context, &key) : 0
    guard code == 1, let key else { preconditionFailure("OpenSSL could not make a key") }
    pointer = key
  }

  /// - Parameter pem: PKCS #8 without a passphrase. `nil` when it holds no key, or one of another kind.
  public init?(pem: [UInt8]) {
    ERR_clear_error()
    guard pem.count <= Self.pemByteLimit, let source = BIO_new_mem_buf(pem, Int32(pem.count)) else { return nil }
    defer { BIO_free(source) }
    guard let key = PEM_read_bio_PrivateKey(source, nil, refusePassphrase, nil) else {
      ERR_clear_error()
      return nil
    }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      return nil
    }
    pointer = key
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Far above what any Ed25519 key takes: 119 bytes.
  static let pemByteLimit = 64 << 10

  /// The 32 bytes of the public half.
  public var publicBytes: [UInt8] {
    var count = Ed25519PublicKey.byteCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let code = EVP_PKEY_get_raw_public_key(pointer, buffer.baseAddress, &count)
      precondition(code == 1, "OpenSSL could not tell a public key")
      initialized = count
    }
  }

  /// PKCS #8, not encrypted: whoever has it has the key. Wipe it with `SecretBytes.wipe` when it has served.
  public var pem: [UInt8] {
    memoryBytes { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
  }
}
