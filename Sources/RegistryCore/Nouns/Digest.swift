/// The name of bytes: an algorithm and the hash that they have under it. A `Digest` in hand is well formed.
///
/// Grammar (OCI image-spec, descriptor.md#digests), as far as a registry must take it:
///
///     sha256:<64 lowercase hex>  |  sha512:<128 lowercase hex>
public struct Digest: Hashable, Sendable {
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    case sha256
    case sha512

    public var byteCount: Int {
      switch self {
      case .sha256: 32
      case .sha512: 64
      }
    }
  }

  public let algorithm: Algorithm
  public let hex: String

  public init(parsing text: some StringProtocol) throws(RegistryError) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw .digestInvalid(text, "a digest is ALGORITHM:HEX, for example sha256:2c26…")
    }
    guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
      throw .digestInvalid(text, "this registry knows sha256 and sha512")
    }
    let hex = text[text.utf8.index(after: colon)...]
    guard hex.utf8.count == algorithm.byteCount * 2 else {
      throw .digestInvalid(text, "\(algorithm.rawValue) has \(algorithm.byteCount * 2) hex digits")
    }
    guard hex.utf8.allSatisfy({ Hex.isLowercaseDigit($0) }) else {
      throw .digestInvalid(text, "the hash is written in lowercase hex")
    }
    self.algorithm = algorithm
    self.hex = String(hex)
  }

  /// The digest that a hash function returned. Another length than the algorithm's is our own bug.
  public init(algorithm: Algorithm, hash: [UInt8]) {
    precondition(hash.count == algorithm.byteCount, "a \(algorithm.rawValue) hash has \(algorithm.byteCount) bytes")
    self.algorithm = algorithm
    hex = Hex.encode(hash)
  }

  public var hash: [UInt8] { Hex.decode(hex)! }
}

extension Digest: CustomStringConvertible {
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Comparable {
  public static func < (left: Digest, right: Digest) -> Bool {
    (left.algorithm.rawValue, left.hex) < (right.algorithm.rawValue, right.hex)
  }
}
