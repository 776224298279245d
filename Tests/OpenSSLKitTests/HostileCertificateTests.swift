import COpenSSL
import OpenSSLKit
import Testing

/// Certificates come from strangers: whatever the bytes are, the answer is a certificate or none.
struct HostileCertificateTests {
  private let pki: PKI

  init() throws { pki = try PKI() }

  @Test func everyPrefixIsNoCertificate() {
    let whole = pki.certificate.der
    for count in whole.indices { #expect(Certificate(der: Array(whole[..<count])) == nil, "\(count) bytes") }
    #expect(Certificate(der: whole + [0]) == nil)
    #expect(Certificate(der: whole + whole) == nil)
    #expect(ERR_peek_error() == 0)
  }

  @Test func anyFlippedBitSpoilsIt() {
    let whole = pki.certificate.der
    for bit in 0..<whole.count * 8 {
      var wrong = whole
      wrong[bit / 8] ^= 1 << (bit % 8)
      guard let read = Certificate(der: wrong) else { continue }
      #expect(!read.isIssued(by: pki.authority.certificate), "bit \(bit)")
      _ = (read.subject, read.serial, read.isAuthority, read.der, read.pem)
    }
    #expect(ERR_peek_error() == 0)
  }

  @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
  func mangledBytesAreReadOrRefused(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let (der, pem) = (pki.certificate.der, pki.certificate.pem + pki.authority.certificate.pem)
    for _ in 0..<3_000 {
      if let read = Certificate(der: mangled(der, &random)) { _ = (read.subject, read.serial, read.pem) }
      for read in Certificate.all(pem: mangled(pem, &random)) ?? [] { _ = (read.subject, read.der) }
      _ = Ed25519Key(pem: mangled(pki.key.pem, &random))
    }
    #expect(ERR_peek_error() == 0)
  }

  private func mangled(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
      case 2: bytes.insert(contentsOf: bytes[place...].prefix(Int.random(in: 1...64, using: &random)), at: place)
      case 3: bytes[place] = [0x00, 0x30, 0x7F, 0x80, 0x84, 0xFF].randomElement(using: &random) ?? 0
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }

  static let rubbish: [[UInt8]] = [
    [], [0], [0x30], [0x30, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [UInt8](repeating: 0x30, count: 10_000),
    [UInt8](repeating: 0x30, count: 1 << 20), Array("-----BEGIN CERTIFICATE-----".utf8),
    Array("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".utf8),
    Array("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".utf8),
    Array("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END CERTIFICATE-----\n".utf8),
    Array("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n".utf8),
  ]

  @Test(arguments: rubbish)
  func rubbishIsNoCertificate(bytes: [UInt8]) {
    #expect(Certificate(der: bytes) == nil)
    #expect(Certificate(pem: bytes) == nil)
    #expect(Certificate.all(pem: bytes) == nil)
    #expect(Ed25519Key(pem: bytes) == nil)
    #expect(ERR_peek_error() == 0)
  }

  @Test func textOfSeveralIsReadInItsOrder() throws {
    let (node, root) = (pki.certificate.pem, pki.authority.certificate.pem)
    let all = try #require(Certificate.all(pem: Array("a comment\n".utf8) + pki.key.pem + node + root))
    #expect(all.map(\.der) == [pki.certificate.der, pki.authority.certificate.der])
    #expect(Certificate(pem: node + root) == nil)
    #expect(Certificate(pem: node)?.der == pki.certificate.der)
    #expect(Certificate.all(pem: node + root.dropLast(200)) == nil)
  }

  @Test func textOfTooManyIsRefused() {
    let node = pki.certificate.pem
    #expect(Certificate.all(pem: (0..<Certificate.countLimit).flatMap { _ in node })?.count == Certificate.countLimit)
    #expect(Certificate.all(pem: (0...Certificate.countLimit).flatMap { _ in node }) == nil)
  }

  /// `a.example` to us and `a` to a program in C.
  @Test(arguments: ["a.example", "shoal://node/00ff", "node"])
  func zeroByteInANameMakesItNone(name: String) throws {
    var der = pki.certificate.der
    let place = try #require(der.indices.last { der[$0...].starts(with: name.utf8) })
    der[place + 1] = 0
    #expect(try #require(Certificate(der: der)).subject == nil)
  }

  @Test func addressOfAnotherLengthMakesTheNamesNone() throws {
    var der = pki.certificate.der
    let place = try #require(der.indices.first { der[$0...].starts(with: [0x87, 4, 10, 0, 0, 1]) })
    // Its last byte becomes an empty name of another kind.
    der.replaceSubrange(place..<place + 6, with: [0x87, 2, 10, 0, 0x82, 0])
    #expect(try #require(Certificate(der: der)).subject == nil)
  }
}
