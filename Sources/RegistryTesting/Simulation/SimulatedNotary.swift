import FleetCore
import RegistryCore

/// Hashes and signatures that cost nanoseconds: 64 bits of mixing, widened. Within a simulation nobody but the owner of a
/// key makes its signatures, since nobody else is handed a notary of it.
public struct SimulatedNotary: FleetNotary, NodeSigner {
  public let key: PublicKey

  public init(key: PublicKey) { self.key = key }

  public init(number: UInt64) { key = PublicKey(Self.widened(Self.scramble(number ^ 0x5EED), to: 32))! }

  public var node: NodeID { key.node(self) }

  public func hash(_ bytes: [UInt8]) -> RecordHash { RecordHash(Self.widened(Self.mix(bytes, from: 1), to: 32))! }

  public func sign(_ bytes: [UInt8]) -> [UInt8] { Self.widened(Self.mix(bytes, from: Self.secret(of: key)), to: 64) }

  public func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool {
    signature == Self.widened(Self.mix(bytes, from: Self.secret(of: key)), to: 64)
  }

  private static func secret(of key: PublicKey) -> UInt64 { mix(key.bytes, from: 0x5EC2E7) }

  private static func mix(_ bytes: [UInt8], from seed: UInt64) -> UInt64 {
    bytes.withUnsafeBytes { bytes in
      var state = scramble(seed ^ UInt64(bytes.count))
      var place = 0
      while place + 8 <= bytes.count {
        state = scramble(state ^ bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        place += 8
      }
      var rest: UInt64 = 0
      while place < bytes.count {
        rest = rest << 8 | UInt64(bytes[place])
        place += 1
      }
      return scramble(state ^ rest)
    }
  }

  private static func widened(_ state: UInt64, to count: Int) -> [UInt8] {
    var word = state
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for place in stride(from: 0, to: count, by: 8) {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(of: word, toByteOffset: place, as: UInt64.self)
        word = scramble(word)
      }
      filled = count
    }
  }

  private static func scramble(_ word: UInt64) -> UInt64 {
    var mixed = word &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

extension SimulatedNotary {
  /// The same for a ledger, which hashes and signs claims and checks none.
  public var ofClaims: SimulatedClaimNotary { SimulatedClaimNotary(notary: self) }
}

public struct SimulatedClaimNotary: ClaimNotary {
  let notary: SimulatedNotary

  public func hash(_ bytes: [UInt8]) -> ClaimHash { ClaimHash(notary.hash(bytes).bytes)! }

  public func sign(_ bytes: [UInt8]) -> [UInt8] { notary.sign(bytes) }

  /// Only its own: it knows no other's key.
  public func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool {
    node == notary.node && notary.isSignature(signature, of: bytes, by: notary.key)
  }
}
