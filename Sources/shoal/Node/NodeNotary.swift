import OpenSSLKit
import RegistryCore

/// Hashes and signatures of claims, with the node's own key and those that are known of members.
struct NodeNotary: ClaimNotary {
  /// The hash of the node's public key.
  let node: NodeID
  let key: Ed25519Key
  private let publicKey: @Sendable (NodeID) -> [UInt8]?

  /// - Parameter publicKey: of another node, where it is known. Any thread; it must not block.
  init(_ key: Ed25519Key, publicKey: @escaping @Sendable (NodeID) -> [UInt8]? = { _ in nil }) {
    let bytes = key.publicBytes
    let node = Self.node(bytes)
    self.key = key
    self.node = node
    self.publicKey = { $0 == node ? bytes : publicKey($0) }
  }

  /// Who has this public key.
  static func node(_ publicKey: [UInt8]) -> NodeID {
    guard let node = NodeID(StreamingHash.hash(publicKey, .sha256)) else {
      preconditionFailure("a sha256 is as long as a node's id")
    }
    return node
  }

  func hash(_ bytes: [UInt8]) -> ClaimHash {
    guard let hash = ClaimHash(StreamingHash.hash(bytes, .sha256)) else {
      preconditionFailure("a sha256 is as long as a claim's hash")
    }
    return hash
  }

  func sign(_ bytes: [UInt8]) -> [UInt8] { key.sign(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool {
    guard let publicKey = publicKey(node) else { return false }
    return Ed25519Key.isSignature(signature, of: bytes, publicKey: publicKey)
  }
}
