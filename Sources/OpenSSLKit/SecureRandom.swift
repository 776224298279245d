import COpenSSL

/// Bytes that nobody can predict.
public enum SecureRandom {
  public static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let code = RAND_bytes(buffer.baseAddress, Int32(count))
      precondition(code == 1, "the system has no randomness")
      initialized = count
    }
  }
}
