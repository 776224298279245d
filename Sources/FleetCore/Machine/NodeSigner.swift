import RegistryCore

/// This node's key, as a port.
public protocol NodeSigner: Sendable {
  /// 64 bytes, Ed25519.
  func sign(_ bytes: [UInt8]) -> [UInt8]
}

/// Checks claims under the keys that the directory knows.
struct MemberNotary<Notary: FleetNotary & NodeSigner>: ClaimNotary {
  let directory: Directory
  let notary: Notary

  func hash(_ bytes: [UInt8]) -> ClaimHash { ClaimHash(notary.hash(bytes).bytes)! }

  func sign(_ bytes: [UInt8]) -> [UInt8] { notary.sign(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool {
    guard let key = directory.key(of: node) else { return false }
    return notary.isSignature(signature, of: bytes, by: key)
  }
}
