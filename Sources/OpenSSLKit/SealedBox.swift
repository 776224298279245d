import COpenSSL

/// AES-256-GCM (NIST SP 800-38D): bytes that only the key's holder reads, and that nobody can change unseen. For short
/// secrets.
public enum SealedBox {
  public static let keyByteCount = 32
  public static let nonceByteCount = 12
  static let tagByteCount = 16
  private static let byteLimit = 64 << 10

  /// The sealed bytes, and the tag behind them.
  /// - Parameters:
  ///   - nonce: never twice under one key.
  ///   - context: not kept inside, but what is opened with another one is refused.
  public static func seal(_ secret: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8] {
    check(key, nonce)
    precondition(secret.count <= byteLimit && context.count <= byteLimit, "a box is for short secrets")
    let cipher = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var sealed = [UInt8](repeating: 0, count: secret.count)
    var tag = [UInt8](repeating: 0, count: tagByteCount)
    var (count, end): (Int32, Int32) = (0, 0)
    var last = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
    let isSealed =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
      && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
      && EVP_EncryptUpdate(cipher, &sealed, &count, secret, Int32(secret.count)) == 1
      && EVP_EncryptFinal_ex(cipher, &last, &end) == 1 && Int(count) == secret.count && end == 0
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
    precondition(isSealed, "OpenSSL could not seal")
    return sealed + tag
  }

  /// `nil`: sealed with another key or for another context, or changed since. Wipe what comes out when it has served.
  public static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
    check(key, nonce)
    guard sealed.count >= tagByteCount, sealed.count <= byteLimit, context.count <= byteLimit else { return nil }
    let content = Array(sealed.dropLast(tagByteCount))
    var tag = Array(sealed.suffix(tagByteCount))
    let cipher = EVP_CIPHER_CTX_new()
    defer {
      EVP_CIPHER_CTX_free(cipher)
      ERR_clear_error()
    }
    var secret = [UInt8](repeating: 0, count: content.count)
    var (count, end): (Int32, Int32) = (0, 0)
    var last = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
    guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
      EVP_DecryptUpdate(cipher, &secret, &count, content, Int32(content.count)) == 1,
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1,
      EVP_DecryptFinal_ex(cipher, &last, &end) == 1
    else {
      // What came out is not known to be what went in.
      SecretBytes.wipe(&secret)
      return nil
    }
    return secret
  }

  private static func check(_ key: [UInt8], _ nonce: [UInt8]) {
    precondition(
      key.count == keyByteCount && nonce.count == nonceByteCount, "keys have 32 bytes, and nonces 12")
  }
}
