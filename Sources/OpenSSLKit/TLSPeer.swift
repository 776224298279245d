import COpenSSL

/// Who is at the other end of a TLS session, as a certificate that was verified says.
public final class TLSPeer: Sendable {
  public let key: CertificateKey
  public let validity: ValidityPeriod

  /// `CertificateKey.identity`.
  public var identity: [UInt8] { key.identity }

  public init(_ certificate: Certificate) {
    (key, validity) = (certificate.key, certificate.validity)
  }

  init?(of session: OpaquePointer) {
    guard SSL_get_verify_result(session) == X509_V_OK, let shown = SSL_get0_peer_certificate(session),
      let key = CertificateKey(of: shown), let validity = ValidityPeriod(of: shown)
    else { return nil }
    (self.key, self.validity) = (key, validity)
  }
}
