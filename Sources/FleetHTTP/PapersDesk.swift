import OpenSSLKit
import RegistryCore

/// A member's keys and certificates, when another member asks about them. Who asks is a member by its certificate and by the
/// directory.
public protocol PapersDesk: Sendable {
  /// A new certificate for the key that the fleet knows of the member. `nil`: this node is no issuer.
  func certificate(for member: NodeID) async -> Certificate?

  /// Under what an issuer may hand the fleet's key to this node. `nil`: who asks is no issuer.
  func keyWish(of issuer: NodeID) async -> [UInt8]?

  /// Takes the fleet's key; it is on disk when this returns. `false`: it was not wished for, or is another key.
  func takeKey(_ parcel: [UInt8], from issuer: NodeID) async throws(RegistryError) -> Bool
}
