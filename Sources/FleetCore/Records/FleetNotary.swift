/// Hashes and signatures under keys in hand, as a port: a simulation of a thousand nodes uses quick ones.
///
/// Whoever signs does so himself: what is to be signed says its `signedBytes`.
public protocol FleetNotary: Sendable {
  /// SHA-256.
  func hash(_ bytes: [UInt8]) -> RecordHash

  /// Ed25519; `false` also for a signature that has another length.
  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool
}

/// SHA-256 of what is signed, without the signature: a statement that is signed twice is one statement.
public struct RecordHash: Hashable, Sendable, Comparable {
  public static let byteCount = 32

  public let bytes: [UInt8]

  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  public static func < (left: RecordHash, right: RecordHash) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Two of its words, for sums that say whether two nodes know the same.
  var lanes: (UInt64, UInt64) { (word(at: 0), word(at: 8)) }

  private func word(at start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
}
