import FleetCore
import OpenSSLKit
import RegistryCore

/// The fleet's hashes and signatures, by OpenSSL and with this node's key.
public struct FleetKeys: FleetNotary, NodeSigner, JoinNotary {
  public let nodeKey: Ed25519Key

  public init(_ nodeKey: Ed25519Key) { self.nodeKey = nodeKey }

  public var publicKey: PublicKey {
    guard let key = PublicKey(nodeKey.publicBytes) else { preconditionFailure("an Ed25519 key has 32 bytes") }
    return key
  }

  public var node: NodeID { publicKey.node(self) }

  public func hash(_ bytes: [UInt8]) -> RecordHash {
    guard let hash = RecordHash(StreamingHash.hash(bytes, .sha256)) else {
      preconditionFailure("a sha256 has 32 bytes")
    }
    return hash
  }

  public func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool {
    Ed25519Key.isSignature(signature, of: bytes, publicKey: key.bytes)
  }

  public func sign(_ bytes: [UInt8]) -> [UInt8] { nodeKey.sign(bytes) }

  public func code(of bytes: [UInt8], under secret: [UInt8]) -> [UInt8] { HMAC.sha256(bytes, key: secret) }
}
