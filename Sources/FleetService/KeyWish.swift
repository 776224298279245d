import FleetCore
import OpenSSLKit
import RegistryCore

/// The first word of a handover of the fleet's key: the taker's fresh public half, under its node key's signature, so that
/// only the member who is meant can read what is sealed for it.
///
///     signed:  "shoal fleet key wish 1" ‖ fleet (32) ‖ giver (32) ‖ taker (32) ‖ agreement (32)
///     sent:    agreement (32) ‖ signature (64)
public struct KeyWish: Hashable, Sendable {
  public static let byteCount = AgreementKey.byteCount + Ed25519Key.signatureByteCount

  public let bytes: [UInt8]
  /// The taker's public half.
  let agreement: [UInt8]
  /// What the handover is about, for both sides to bind it to.
  let terms: [UInt8]

  /// As the taker says it.
  public init(_ agreement: AgreementKey, in fleet: FleetID, from giver: NodeID, by keys: FleetKeys) {
    self.agreement = agreement.publicBytes
    terms = Self.terms(fleet, giver, keys.node, self.agreement)
    bytes = self.agreement + keys.sign(terms)
  }

  /// As the giver hears it; `nil`: it is not the taker's.
  public init?(
    _ bytes: [UInt8], of taker: PublicKey, in fleet: FleetID, from giver: NodeID, notary: some FleetNotary
  ) {
    guard bytes.count == Self.byteCount else { return nil }
    agreement = Array(bytes.prefix(AgreementKey.byteCount))
    terms = Self.terms(fleet, giver, taker.node(notary), agreement)
    guard notary.isSignature(Array(bytes.dropFirst(AgreementKey.byteCount)), of: terms, by: taker) else { return nil }
    self.bytes = bytes
  }

  private static func terms(_ fleet: FleetID, _ giver: NodeID, _ taker: NodeID, _ agreement: [UInt8]) -> [UInt8] {
    Array("shoal fleet key wish 1".utf8) + fleet.bytes + giver.bytes + taker.bytes + agreement
  }
}
