import OpenSSLKit
import RegistryCore

/// One sentence of a store's contract and the check that it holds, on stores that hold nothing yet.
public struct StoreClause<Ports: Sendable>: Sendable, CustomStringConvertible {
  public let description: String
  public let check: @Sendable (Ports) async throws -> Void

  init(_ sentence: String, _ check: @escaping @Sendable (Ports) async throws -> Void) {
    description = sentence
    self.check = check
  }
}

/// A store that breaks its contract.
public struct StoreViolation: Error, CustomStringConvertible {
  public let description: String

  static func unless(_ holds: Bool, _ words: String) throws(StoreViolation) {
    if !holds { throw StoreViolation(description: words) }
  }

  static func unlessEqual<Value: Equatable>(
    _ seen: Value, _ expected: Value, _ what: String
  ) throws(StoreViolation) {
    // Cut, since the values may be a blob's bytes.
    if seen != expected {
      throw StoreViolation(
        description: "\(what): \(String(describing: seen).prefix(200)) where "
          + "\(String(describing: expected).prefix(200)) was due")
    }
  }

  /// The call must fail, and with this code.
  static func unlessRefused(
    _ code: RegistryError.Code, _ what: String, _ call: () async throws(RegistryError) -> Void
  ) async throws(StoreViolation) {
    do {
      try await call()
    } catch {
      try unlessEqual(error.code, code, what)
      return
    }
    throw StoreViolation(description: "\(what): went through where \(code) was due")
  }
}

extension Digest {
  /// The digest of bytes that are in memory whole.
  public static func hashing(_ bytes: [UInt8], _ algorithm: Algorithm = .sha256) -> Digest {
    switch algorithm {
    case .sha256: Digest(algorithm: algorithm, hash: StreamingHash.hash(bytes, .sha256))
    case .sha512: Digest(algorithm: algorithm, hash: StreamingHash.hash(bytes, .sha512))
    }
  }
}

/// Bytes that look random and are the same for the same seed.
public func seededBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed
  let words = (0..<(count + 7) / 8).map { _ in
    // splitmix64
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
  return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    words.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: $0[..<count])) }
    initialized = count
  }
}
