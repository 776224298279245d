import FleetCore
import OpenSSLKit
import RegistryCore

/// The fleet's key at an issuer: what only its holder can say and certify.
public struct FleetAuthority: Sendable {
  public static let certificateSeconds: Int64 = 90 * 24 * 3600
  static let authoritySeconds: Int64 = 20 * 365 * 24 * 3600

  public let key: Ed25519Key
  /// How long the certificates that it makes hold.
  public let certificateSeconds: Int64
  private let authority: CertificateAuthority

  /// `nil`: the key is another one's.
  public init?(certificate: Certificate, key: Ed25519Key, certificateSeconds: Int64 = Self.certificateSeconds) {
    guard let authority = CertificateAuthority(certificate: certificate, key: key) else { return nil }
    (self.authority, self.key, self.certificateSeconds) = (authority, key, certificateSeconds)
  }

  /// A fleet that did not exist before.
  /// - Parameter now: in milliseconds since 1970.
  public init(
    makingAt now: Int64, certificateSeconds: Int64 = Self.certificateSeconds
  ) throws(CertificateFailure) {
    (key, self.certificateSeconds) = (Ed25519Key(), certificateSeconds)
    authority = try CertificateAuthority.make(
      named: "shoal fleet", key: key, ValidityPeriod(from: now / 1000, seconds: Self.authoritySeconds))
  }

  public var certificate: Certificate { authority.certificate }

  public var publicKey: PublicKey { PublicKey(of: key) }

  public func certify(_ node: PublicKey, at now: Int64) throws(CertificateFailure) -> Certificate {
    let name = NodeID(StreamingHash.hash(node.bytes, .sha256)).map(\.description) ?? ""
    // What holds longer than the authority's own holds no longer all the same, and would be renewed too late.
    let seconds = min(certificateSeconds, certificate.validity.notAfter - now / 1000)
    return try authority.issue(
      CertificateSubject(commonName: name, uris: ["shoal://node/\(name)"]), publicKey: node.bytes,
      ValidityPeriod(from: now / 1000, seconds: max(0, seconds)))
  }

  func sign(_ draft: FleetRecord.Draft) -> FleetRecord {
    guard let record = FleetRecord(draft, signature: key.sign(draft.signedBytes)) else {
      preconditionFailure("an Ed25519 signature has 64 bytes")
    }
    return record
  }

  /// The first records of a fleet: its first node belongs to it and may let others in.
  public func foundingRecords(
    of node: PublicKey, named name: NodeName, at now: Int64, _ keys: FleetKeys
  ) throws(Directory.DraftFault) -> [FleetRecord] {
    var directory = Directory(fleetKey: publicKey, notary: keys)
    let admission = sign(try directory.admission(of: node, named: name, by: keys.node, at: now, notary: keys))
    _ = directory.restore(admission, notary: keys)
    return [admission, sign(try directory.issuance(of: keys.node, mayIssue: true, by: keys.node, at: now))]
  }
}

extension PublicKey {
  init(of key: Ed25519Key) {
    guard let bytes = PublicKey(key.publicBytes) else { preconditionFailure("an Ed25519 key has 32 bytes") }
    self = bytes
  }
}
