import OpenSSLKit
import Testing

struct CertificateTests {
  private let pki: PKI

  init() throws { pki = try PKI() }

  @Test func issuedCertificateSaysWhatWasAsked() throws {
    let read = try #require(Certificate(der: pki.certificate.der))
    #expect(read.subject == PKI.subject)
    #expect(read.key.ed25519 == pki.key.publicBytes)
    #expect(read.validity.notAfter - read.validity.notBefore == 90 * 86_400 + ValidityPeriod.clockSkewSeconds)
    #expect(read.validity.contains(PKI.now))
    #expect(read.serial.count >= 12)
    #expect(!read.isAuthority)
    #expect(read.isIssued(by: pki.authority.certificate))
  }

  @Test func ownersNameIsTheHashOfTheKey() {
    let key = pki.certificate.key
    #expect(key.identity == StreamingHash.hash(pki.key.publicBytes, .sha256))
    let info = bytes(hex: "302a300506032b6570032100") + pki.key.publicBytes
    #expect(key.infoHash == StreamingHash.hash(info, .sha256))
  }

  @Test func keyOfAnotherKindIsNamedByItsInfo() throws {
    let folder = try TemporaryFolder()
    let made = OpenSSLProgram.run(
      """
      req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ec -keyout \(folder.path)/key \
      -outform der -out \(folder.path)/der
      """)
    #expect(made.isGood, "\(made.text)")
    let certificate = try #require(Certificate(der: folder.read("der")))
    #expect(certificate.key.ed25519 == nil)
    #expect(certificate.key.identity == certificate.key.infoHash)
    let pin = OpenSSLProgram.run("ec -in \(folder.path)/key -pubout -outform der -out \(folder.path)/info")
    #expect(pin.isGood, "\(pin.text)")
    #expect(certificate.key.infoHash == StreamingHash.hash(try folder.read("info"), .sha256))
  }

  @Test func authorityIsARootThatIssuesToOwnersOnly() {
    let root = pki.authority.certificate
    #expect(root.isAuthority)
    #expect(root.isIssued(by: root))
    #expect(root.subject == CertificateSubject(commonName: "authority"))
    #expect(CertificateAuthority(certificate: root, key: pki.key) == nil)
    #expect(CertificateAuthority(certificate: pki.certificate, key: pki.key) == nil)
  }

  @Test func authorityIsTakenUpAgainFromItsBytes() throws {
    let key = Ed25519Key()
    let made = try CertificateAuthority.make(named: "a", key: key, ValidityPeriod(from: PKI.now, seconds: 60))
    let read = try #require(Certificate(pem: made.certificate.pem))
    let readKey = try #require(Ed25519Key(pem: key.pem))
    let again = try #require(CertificateAuthority(certificate: read, key: readKey))
    let issued = try again.issue(
      PKI.subject, publicKey: pki.key.publicBytes, ValidityPeriod(from: PKI.now, seconds: 60))
    #expect(issued.isIssued(by: made.certificate))
  }

  @Test func authorityOfTheSameNameIsAnother() throws {
    let other = try PKI()
    #expect(!pki.certificate.isIssued(by: other.authority.certificate))
    #expect(!other.certificate.isIssued(by: pki.authority.certificate))
    #expect(!pki.certificate.isIssued(by: pki.certificate))
  }

  @Test(arguments: ["sslclient", "sslserver"])
  func otherProgramsFindTheChainGood(purpose: String) throws {
    let folder = try TemporaryFolder()
    let root = try folder.write("ca.crt", pki.authority.certificate.pem)
    let node = try folder.write("node.crt", pki.certificate.pem)
    let verdict = OpenSSLProgram.run("verify -x509_strict -check_ss_sig -purpose \(purpose) -CAfile \(root) \(node)")
    #expect(verdict.isGood, "\(verdict.text)")
    let text = OpenSSLProgram.run("x509 -in \(node) -noout -text").text
    for words in [
      "Version: 3", "Signature Algorithm: ED25519", "CA:FALSE", "TLS Web Client Authentication",
      "URI:shoal://node/00ff, DNS:a.example, DNS:b, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1",
    ] { #expect(text.contains(words), "\(words) in \(text)") }
    let rootText = OpenSSLProgram.run("x509 -in \(root) -noout -text").text
    for words in ["critical\n                CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
      #expect(rootText.contains(words), "\(words) in \(rootText)")
    }
  }

  @Test func serialNumbersAreLargeAndNeverTheSame() throws {
    let serials = try (0..<50).map { _ in
      try pki.authority.issue(
        PKI.subject, publicKey: pki.key.publicBytes, ValidityPeriod(from: PKI.now, seconds: 60)
      ).serial
    }
    #expect(Set(serials).count == 50)
    #expect(serials.allSatisfy { $0.count >= 12 && $0.count <= 16 })
  }

  @Test(arguments: [0, 2_524_607_999, 2_524_608_000, 253_402_300_799] as [Int64])
  func anyEndIsReadBackAsItWasSet(end: Int64) throws {
    let period = ValidityPeriod(notBefore: end - 1, notAfter: end)
    let issued = try pki.authority.issue(PKI.subject, publicKey: pki.key.publicBytes, period)
    #expect(try #require(Certificate(der: issued.der)).validity == period)
  }

  @Test func namesAreTakenLiterally() throws {
    let subject = CertificateSubject(
      commonName: "a,CN=b", uris: ["x://y,DNS:evil.example"], hosts: ["*.a,IP:1.2.3.4", "@section"])
    let issued = try pki.authority.issue(
      subject, publicKey: pki.key.publicBytes, ValidityPeriod(from: PKI.now, seconds: 60))
    #expect(issued.subject == subject)
  }

  @Test(arguments: [
    CertificateSubject(commonName: ""),
    CertificateSubject(commonName: String(repeating: "a", count: 65)),
    CertificateSubject(commonName: "a\0b"),
    CertificateSubject(commonName: "a", uris: [""]),
    CertificateSubject(commonName: "a", uris: ["x://a b"]),
    CertificateSubject(commonName: "a", hosts: ["ä.example"]),
    CertificateSubject(commonName: "a", hosts: ["a\0.example"]),
    CertificateSubject(commonName: "a", addresses: ["10.0.0.256"]),
    CertificateSubject(commonName: "a", addresses: ["10.0.0.0/8"]),
  ])
  func namesThatAreNoneAreRefused(subject: CertificateSubject) {
    #expect(throws: CertificateFailure.self) {
      try pki.authority.issue(subject, publicKey: pki.key.publicBytes, ValidityPeriod(from: PKI.now, seconds: 60))
    }
  }

  @Test func nameOf64CharactersFits() throws {
    let subject = CertificateSubject(commonName: String(repeating: "0f", count: 32))
    #expect(
      try pki.authority.issue(
        subject, publicKey: pki.key.publicBytes, ValidityPeriod(from: PKI.now, seconds: 60)
      ).subject == subject)
  }

  @Test func keyOrTimeThatIsNoneIsRefused() {
    let period = ValidityPeriod(from: PKI.now, seconds: 60)
    #expect(throws: CertificateFailure.self) {
      try pki.authority.issue(PKI.subject, publicKey: [1, 2, 3], period)
    }
    #expect(throws: CertificateFailure.self) {
      try pki.authority.issue(
        PKI.subject, publicKey: pki.key.publicBytes, ValidityPeriod(notBefore: 5, notAfter: 5))
    }
  }
}
