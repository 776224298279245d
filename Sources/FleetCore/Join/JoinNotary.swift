/// What joining needs beside hashes and signatures, as a port.
public protocol JoinNotary: FleetNotary {
  /// HMAC-SHA-256 (RFC 2104): 32 bytes.
  func code(of bytes: [UInt8], under secret: [UInt8]) -> [UInt8]
}

/// Certificates, as a port: what is in them is read where OpenSSL is.
public protocol CertificateNotary: Sendable {
  /// The node's key that a certificate (DER) is for, when the authority's key has signed it and it is valid now.
  func key(certifiedBy certificate: [UInt8], of authority: PublicKey) -> PublicKey?
}
