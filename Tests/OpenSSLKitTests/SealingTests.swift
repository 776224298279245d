import Testing

@testable import OpenSSLKit

struct SealingTests {
  /// RFC 7748 §6.1.
  @Test func theSecretIsThatOfTheSpecification() throws {
    let bob = try #require(
      AgreementKey(privateBytes: bytes(hex: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")))
    #expect(
      bob.publicBytes == bytes(hex: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"))
    let alice = bytes(hex: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    #expect(
      bob.secret(with: alice) == bytes(hex: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
  }

  @Test func bothSidesHaveOneSecretAndAThirdHasAnother() throws {
    let (left, right, third) = (AgreementKey(), AgreementKey(), AgreementKey())
    let secret = try #require(left.secret(with: right.publicBytes))
    #expect(right.secret(with: left.publicBytes) == secret)
    #expect(third.secret(with: left.publicBytes) != secret)
  }

  /// RFC 7748 §6.1: the point 0, and 1, lead to zero whatever the key.
  @Test func halvesThatLeadToOneSecretForAllAreRefused() {
    let key = AgreementKey()
    #expect(key.secret(with: [UInt8](repeating: 0, count: 32)) == nil)
    #expect(key.secret(with: [1] + [UInt8](repeating: 0, count: 31)) == nil)
    #expect(key.secret(with: [UInt8](repeating: 9, count: 31)) == nil)
  }

  /// The Galois/Counter Mode of Operation (McGrew, Viega), test cases 14 and 16.
  @Test(arguments: [
    (
      "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
      "00000000000000000000000000000000", "",
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    ),
    (
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" + "76fc6ece0f4e1768cddf8853bb2d551b"
    ),
  ])
  func boxesAreThoseOfTheSpecification(key: String, nonce: String, text: String, context: String, expected: String) {
    let sealed = SealedBox.seal(
      bytes(hex: text), key: bytes(hex: key), nonce: bytes(hex: nonce), context: bytes(hex: context))
    #expect(sealed == bytes(hex: expected))
    #expect(
      SealedBox.open(sealed, key: bytes(hex: key), nonce: bytes(hex: nonce), context: bytes(hex: context))
        == bytes(hex: text))
  }

  @Test func whatWasChangedAnywhereIsNotOpened() {
    let (key, nonce) = (SecureRandom.bytes(32), SecureRandom.bytes(12))
    let (secret, context): ([UInt8], [UInt8]) = (Array("a key".utf8), Array("for node b".utf8))
    let sealed = SealedBox.seal(secret, key: key, nonce: nonce, context: context)
    #expect(SealedBox.open(sealed, key: key, nonce: nonce, context: context) == secret)
    for place in sealed.indices {
      var changed = sealed
      changed[place] ^= 1
      #expect(SealedBox.open(changed, key: key, nonce: nonce, context: context) == nil)
    }
    #expect(SealedBox.open(sealed, key: key, nonce: nonce, context: Array("for node c".utf8)) == nil)
    #expect(SealedBox.open(sealed, key: SecureRandom.bytes(32), nonce: nonce, context: context) == nil)
    #expect(SealedBox.open(Array(sealed.prefix(15)), key: key, nonce: nonce, context: context) == nil)
  }
}
