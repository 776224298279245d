import OpenSSLKit
import RegistryCore

/// Signatures of a microsecond that anybody could forge, for tests of what stands on good ones.
public struct HashNotary: ClaimNotary {
  private let node: NodeID

  public init(_ node: NodeID) { self.node = node }

  public func hash(_ bytes: [UInt8]) -> ClaimHash {
    guard let hash = ClaimHash(StreamingHash.hash(bytes, .sha256)) else {
      preconditionFailure("a claim's hash is as long as a sha256")
    }
    return hash
  }

  public func sign(_ bytes: [UInt8]) -> [UInt8] { Self.signature(of: bytes, by: node) }

  public func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool {
    signature == Self.signature(of: bytes, by: node)
  }

  private static func signature(of bytes: [UInt8], by node: NodeID) -> [UInt8] {
    let hash = StreamingHash.hash(node.bytes + bytes, .sha256)
    return hash + hash
  }
}
