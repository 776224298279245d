import FleetCore
import FleetService
import OpenSSLKit
import Testing

struct CertificateAgeTests {
  private static let day: Int64 = 86_400
  private static let made: Int64 = 1_800_000_000
  private static let ninety = ValidityPeriod(from: made, seconds: 90 * day)

  @Test func ninetyDaysAreRenewedFromTheSixtiethOn() {
    #expect(CertificateAge(Self.ninety, at: Self.made).due == Self.made + 60 * Self.day)
    #expect(!CertificateAge(Self.ninety, at: Self.made + 60 * Self.day - 1).isDue)
    #expect(CertificateAge(Self.ninety, at: Self.made + 60 * Self.day).isDue)
    #expect(CertificateAge(Self.ninety, at: Self.made + 61 * Self.day).daysLeft == 29)
  }

  @Test func itHoldsToItsLastSecond() {
    #expect(!CertificateAge(Self.ninety, at: Self.made + 90 * Self.day).isOver)
    #expect(CertificateAge(Self.ninety, at: Self.made + 90 * Self.day + 1).isOver)
  }

  @Test(arguments: [30, 31, 32, 60, 3600, 7_776_000] as [Int64])
  func nobodyWaitsPastTheMomentAndNobodyHammers(_ seconds: Int64) {
    let validity = ValidityPeriod(from: Self.made, seconds: seconds)
    for part in 0...100 {
      let age = CertificateAge(validity, at: Self.made + seconds * Int64(part) / 100)
      #expect(1...3600 ~= age.pauseSeconds, "\(age)")
      if !age.isDue { #expect(age.now + age.pauseSeconds <= age.due, "\(age)") }
    }
    #expect(CertificateAge(validity, at: Self.made + seconds + 1).pauseSeconds == 60)
  }

  @Test func aRecoveryFileIsReadAsItWasWritten() throws {
    let keys = FleetKeys(Ed25519Key())
    let authority = try FleetAuthority(makingAt: Self.made * 1000)
    let text = RecoveryFile(authority).text(of: authority.publicKey.fleet(keys))
    let read = try #require(RecoveryFile(text: text))
    #expect(read.authority.publicKey == authority.publicKey)
    #expect(read.authority.certificate.der == authority.certificate.der)
    #expect(RecoveryFile(text: Array(text.dropLast(40))) == nil)
    let foreign = authority.certificate.pem + Ed25519Key().pem
    #expect(RecoveryFile(text: foreign) == nil)
  }
}
