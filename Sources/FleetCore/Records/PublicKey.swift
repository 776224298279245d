import RegistryCore

/// The public half of an Ed25519 key, raw (RFC 8032): of a node or of a fleet.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
  public static let byteCount = 32

  public let bytes: [UInt8]

  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  public var description: String { Hex.encode(bytes) }

  /// Whose key it is. Nobody can choose to be a node that exists: its name is the hash of what it proves to have.
  public func node(_ notary: some FleetNotary) -> NodeID { NodeID(notary.hash(bytes).bytes)! }

  public func fleet(_ notary: some FleetNotary) -> FleetID { FleetID(notary.hash(bytes).bytes)! }
}
