import COpenSSL

/// A certificate that others are issued by, and its key. Ed25519 throughout. Any thread.
public struct CertificateAuthority: Sendable {
  public let certificate: Certificate
  private let key: Ed25519Key

  /// `nil`: the key is another one's, or the certificate may not issue.
  public init?(certificate: Certificate, key: Ed25519Key) {
    guard certificate.isAuthority, certificate.key.ed25519 == key.publicBytes else { return nil }
    (self.certificate, self.key) = (certificate, key)
  }

  /// Makes a root, signed by itself, that issues to owners of keys and never to another authority.
  public static func make(named name: String, key: Ed25519Key, _ validity: ValidityPeriod) throws(CertificateFailure)
    -> CertificateAuthority
  {
    let draft = try CertificateDraft(publicKey: key.pointer, validity)
    try draft.setCommonName(name)
    try draft.setIssuer(nil)
    try draft.extend(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: nil)
    try draft.extend(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: nil)
    try draft.extend(NID_subject_key_identifier, "hash", issuer: nil)
    let certificate = try draft.sign(by: key)
    guard let authority = CertificateAuthority(certificate: certificate, key: key) else {
      throw CertificateFailure("OpenSSL made another certificate than was asked for")
    }
    return authority
  }

  /// Issues a certificate that its owner may show as a client and as a server.
  /// - Parameter publicKey: the owner's: 32 bytes of Ed25519. That the owner has the private one is the caller's to know.
  public func issue(_ subject: CertificateSubject, publicKey: [UInt8], _ validity: ValidityPeriod)
    throws(CertificateFailure) -> Certificate
  {
    guard let publicKey = Ed25519PublicKey(publicKey) else { throw CertificateFailure("the key is no Ed25519 key") }
    let draft = try CertificateDraft(publicKey: publicKey.pointer, validity)
    try draft.setCommonName(subject.commonName)
    try draft.setIssuer(certificate)
    try draft.extend(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
    try draft.extend(NID_key_usage, "critical,digitalSignature", issuer: certificate)
    try draft.extend(NID_ext_key_usage, "clientAuth,serverAuth", issuer: certificate)
    try draft.extend(NID_subject_key_identifier, "hash", issuer: certificate)
    try draft.extend(NID_authority_key_identifier, "keyid:always", issuer: certificate)
    try draft.setAlternativeNames(of: subject)
    return try draft.sign(by: key)
  }
}
