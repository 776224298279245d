/// Keys out of a secret that was agreed or handed over (RFC 5869, with SHA-256).
public enum HKDF {
  /// - Parameters:
  ///   - salt: not secret; says which use of the secret this is.
  ///   - info: what the key is for, so that no two uses have one key.
  ///   - count: at most 8,160 bytes.
  public static func sha256(_ secret: [UInt8], salt: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
    precondition(count <= 255 * HMAC.sha256ByteCount, "HKDF gives at most 255 blocks")
    let extracted = HMAC.sha256(secret, key: salt.isEmpty ? [UInt8](repeating: 0, count: HMAC.sha256ByteCount) : salt)
    var (output, block, number): ([UInt8], [UInt8], UInt8) = ([], [], 0)
    while output.count < count {
      number += 1
      block = HMAC.sha256(block + info + [number], key: extracted)
      output += block
    }
    return Array(output.prefix(count))
  }
}
