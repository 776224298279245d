import RegistryCore

/// Two claims that one writer signed under one number. It proves itself: nobody who keeps his key to himself and counts
/// can be accused by it. From that number on, nothing of that writer counts any more.
public struct ForkProof: Hashable, Sendable {
  public static let byteLimit = 2 * SignedClaim.byteLimit + 64

  /// In the order of their bytes, so that one pair is one proof.
  public let claims: [SignedClaim]

  /// `nil`: claims of two writers or under two numbers, or one claim twice. What differs only in its signature does not
  /// prove anything that a third party might not have made.
  public init?(_ one: SignedClaim, _ other: SignedClaim) {
    guard one.body.writer == other.body.writer, one.body.sequence == other.body.sequence, one.body != other.body else {
      return nil
    }
    claims = one.bytes.lexicographicallyPrecedes(other.bytes) ? [one, other] : [other, one]
  }

  public var writer: WriterID { claims[0].body.writer }

  public var sequence: Int64 { claims[0].body.sequence }

  public func isSigned(by key: PublicKey, _ notary: some FleetNotary) -> Bool {
    claims.allSatisfy { notary.isSignature($0.signature, of: $0.body.signedBytes, by: key) }
  }

  public func hash(_ notary: some FleetNotary) -> RecordHash { notary.hash(Array("shoal fork 1\0".utf8) + bytes) }
}

/// As bytes: a bencoded list of the two claims, each in its own spelling, the lower first.
extension ForkProof {
  public var bytes: [UInt8] { BencodeValue.list(claims.map { .bytes($0.bytes) }).encoded }

  public var byteCount: Int { bytes.count }

  public init?(bytes: some Collection<UInt8>) {
    let limits = BencodeDocument.Limits(bytes: Self.byteLimit, depth: 1, values: 3)
    guard bytes.count <= Self.byteLimit, let root = try? BencodeDocument(Array(bytes), within: limits).root,
      let parts = root.items?.map({ $0.bytes.flatMap { SignedClaim(bytes: $0) } }), parts.count == 2,
      let one = parts[0], let other = parts[1], let proof = ForkProof(one, other), proof.claims[0] == one
    else { return nil }
    self = proof
  }
}
