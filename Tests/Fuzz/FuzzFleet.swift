/// Of what reads the fleet's bytes: quick hashes, every key is its own name, and every signature is good, so that what lies
/// behind all this is reached.
struct FuzzNotary: FleetNotary {
  func hash(_ bytes: [UInt8]) -> RecordHash {
    if let name = RecordHash(bytes) { return name }
    let sum = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let parts = (0..<4 as Range<UInt64>).flatMap { (sum &* (2 * $0 + 1)).bigEndianBytes }
    guard let hash = RecordHash(parts) else { preconditionFailure("32 bytes are a hash") }
    return hash
  }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool { true }
}
