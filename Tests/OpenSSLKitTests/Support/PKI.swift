import Glibc
import OpenSSLKit

/// An authority and an owner of a certificate, made for one test.
struct PKI {
  let authority: CertificateAuthority
  let key = Ed25519Key()
  let certificate: Certificate

  static var now: Int64 { Int64(time(nil)) }

  static let subject = CertificateSubject(
    commonName: "node", uris: ["shoal://node/00ff"], hosts: ["a.example", "b"], addresses: ["10.0.0.1", "fd00::1"])

  init(named name: String = "authority", _ subject: CertificateSubject = subject) throws {
    authority = try CertificateAuthority.make(
      named: name, key: Ed25519Key(), ValidityPeriod(from: Self.now, seconds: 5 * 365 * 86_400))
    certificate = try authority.issue(
      subject, publicKey: key.publicBytes, ValidityPeriod(from: Self.now, seconds: 90 * 86_400))
  }
}
