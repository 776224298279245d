import COpenSSL

/// What bytes that nobody else may know ask for.
public enum SecretBytes {
  /// Whether both are the same, in a time that depends on their lengths alone: how much of a guess was right does not
  /// show.
  public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Overwrites them. Copies that were made elsewhere stay.
  public static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
  }
}
