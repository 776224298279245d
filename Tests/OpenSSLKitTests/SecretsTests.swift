import OpenSSLKit
import Testing

struct SecretsTests {
  /// RFC 4231 §4.3 and §4.7.
  @Test(arguments: [
    (
      [UInt8]("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func codesAreThoseOfTheSpecification(key: [UInt8], text: String, expected: String) {
    #expect(HMAC.sha256(Array(text.utf8), key: key) == bytes(hex: expected))
  }

  /// RFC 5869 §A.1 and §A.3.
  @Test(arguments: [
    (
      "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    ),
    ("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
  ])
  func derivedKeysAreThoseOfTheSpecification(salt: String, info: String, expected: String) {
    let secret = [UInt8](repeating: 0x0B, count: 22)
    #expect(HKDF.sha256(secret, salt: bytes(hex: salt), info: bytes(hex: info), count: 42) == bytes(hex: expected))
  }

  @Test func comparisonTellsApartWhatDiffersAnywhere() {
    let secret = [UInt8](0..<32)
    #expect(SecretBytes.areEqual(secret, Array(0..<32)))
    #expect(SecretBytes.areEqual([], []))
    #expect(!SecretBytes.areEqual(secret, Array(0..<31)))
    for place in 0..<32 {
      var other = secret
      other[place] ^= 0x80
      #expect(!SecretBytes.areEqual(secret, other))
    }
  }
}
