import COpenSSL

/// A private key for one agreement (X25519, RFC 7748): two who exchange the public halves have a secret that whoever listens
/// has not. Made anew each time and forgotten after, so that what was sent under it stays secret when other keys are lost.
/// Any thread.
public final class AgreementKey: @unchecked Sendable {
  // Unchecked: OpenSSL counts references to a key and only reads it after it was made.
  private let pointer: OpaquePointer

  public static let byteCount = 32

  public init() {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    let code = EVP_PKEY_keygen_init(context) == 1 ? EVP_PKEY_keygen(context, &key) : 0
    guard code == 1, let key else { preconditionFailure("OpenSSL could not make a key") }
    pointer = key
  }

  /// For known answers: the private half, 32 bytes.
  init?(privateBytes: [UInt8]) {
    guard privateBytes.count == Self.byteCount,
      let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, privateBytes, privateBytes.count)
    else { return nil }
    pointer = key
  }

  deinit { EVP_PKEY_free(pointer) }

  /// The 32 bytes that the other side is given.
  public var publicBytes: [UInt8] {
    var count = Self.byteCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let code = EVP_PKEY_get_raw_public_key(pointer, buffer.baseAddress, &count)
      precondition(code == 1, "OpenSSL could not tell a public key")
      initialized = count
    }
  }

  /// What both sides have: 32 bytes, not yet a key (`HKDF`). `nil`: the other's bytes are no public half, or one of the few
  /// that lead to the same secret whatever the key (RFC 7748 §6.1). Wipe it when it has served.
  public func secret(with other: [UInt8]) -> [UInt8]? {
    guard other.count == Self.byteCount else { return nil }
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, other, other.count) else { return nil }
    defer { EVP_PKEY_free(peer) }
    guard let context = EVP_PKEY_CTX_new(pointer, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var secret = [UInt8](repeating: 0, count: Self.byteCount)
    var count = secret.count
    guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1,
      EVP_PKEY_derive(context, &secret, &count) == 1, count == secret.count, secret.contains(where: { $0 != 0 })
    else { return nil }
    return secret
  }
}
