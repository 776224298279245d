import FleetCore
import OpenSSLKit
import RegistryCore

/// Real hashes, and signatures that anybody can make: what is tested is which are asked for.
struct QuickNotary: FleetNotary {
  func hash(_ bytes: [UInt8]) -> RecordHash { RecordHash(StreamingHash.hash(bytes, .sha256))! }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool {
    signature == sign(bytes, as: key)
  }

  func sign(_ bytes: [UInt8], as key: PublicKey) -> [UInt8] {
    let half = hash(key.bytes + bytes).bytes
    return half + half
  }
}

/// A key that a number stands for.
func key(_ number: Int) -> PublicKey {
  PublicKey(StreamingHash.hash(Array("key \(number)".utf8), .sha256))!
}

func node(_ number: Int) -> NodeID { key(number).node(QuickNotary()) }

func name(_ text: String) -> NodeName { NodeName(parsing: text)! }

/// The same numbers for the same seed, everywhere (SplitMix64).
struct SeededChance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
