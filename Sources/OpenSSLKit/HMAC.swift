import COpenSSL

/// Codes that only who knows the key can make or check (RFC 2104).
public enum HMAC {
  public static let sha256ByteCount = 32

  /// Compare it by `SecretBytes.areEqual`.
  public static func sha256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: sha256ByteCount) { buffer, initialized in
      let code = COpenSSL.HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, buffer.baseAddress, nil)
      precondition(code != nil, "OpenSSL could not make a code")
      initialized = sha256ByteCount
    }
  }
}
