import COpenSSL
import OpenSSLKit
import Testing

struct SigningTests {
  /// RFC 8032 §7.1: secret, public key, message, signature.
  static let vectors = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      """
      e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465
      5141438e7a100b
      """
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      """
      92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0
      0d291612bb0c00
      """
    ),
  ]

  @Test(arguments: vectors)
  func vectorsOfTheSpecificationAreSignedAndVerified(secret: String, publicKey: String, text: String, expected: String)
    throws
  {
    let key = try #require(Ed25519Key(pem: pem(secret: bytes(hex: secret))))
    #expect(key.publicBytes == bytes(hex: publicKey))
    #expect(key.sign(bytes(hex: text)) == bytes(hex: expected))
    #expect(Ed25519Key.isSignature(bytes(hex: expected), of: bytes(hex: text), publicKey: bytes(hex: publicKey)))
  }

  @Test func anyFlippedBitSpoilsASignature() throws {
    let key = Ed25519Key()
    let prepared = try #require(Ed25519PublicKey(key.publicBytes))
    let message = [UInt8]("a claim".utf8)
    let signature = key.sign(message)
    #expect(prepared.isSignature(signature, of: message))
    for bit in 0..<512 {
      var wrong = signature
      wrong[bit / 8] ^= 1 << (bit % 8)
      #expect(!prepared.isSignature(wrong, of: message), "bit \(bit)")
    }
    for bit in 0..<(message.count * 8) {
      var wrong = message
      wrong[bit / 8] ^= 1 << (bit % 8)
      #expect(!prepared.isSignature(signature, of: wrong), "bit \(bit)")
    }
    #expect(!Ed25519Key.isSignature(signature, of: message, publicKey: Ed25519Key().publicBytes))
  }

  /// RFC 8032 §5.1.7: otherwise anybody could make a second signature of each, and a claim a second hash.
  @Test func secondSpellingOfASignatureIsRefused() throws {
    let key = Ed25519Key()
    let signature = key.sign([1, 2, 3])
    let order = bytes(hex: "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    var (spelling, carry) = (signature, 0)
    for place in 0..<32 {
      let sum = Int(signature[32 + place]) + Int(order[place]) + carry
      (spelling[32 + place], carry) = (UInt8(sum & 0xFF), sum >> 8)
    }
    #expect(carry == 0)
    #expect(Ed25519Key.isSignature(signature, of: [1, 2, 3], publicKey: key.publicBytes))
    #expect(!Ed25519Key.isSignature(spelling, of: [1, 2, 3], publicKey: key.publicBytes))
  }

  @Test(arguments: [0, 1, 31, 33, 63, 64, 65, 128])
  func keysAndSignaturesOfOtherLengthsAreRefused(count: Int) {
    let key = Ed25519Key()
    let odd = [UInt8](repeating: 1, count: count)
    #expect(!Ed25519Key.isSignature(odd, of: [], publicKey: key.publicBytes))
    #expect(!Ed25519Key.isSignature(key.sign([]), of: [], publicKey: odd))
    #expect(Ed25519PublicKey(odd) == nil)
  }

  @Test func wrongSignatureLeavesNoErrorBehind() {
    #expect(!Ed25519Key.isSignature([UInt8](repeating: 0xFF, count: 64), of: [], publicKey: Ed25519Key().publicBytes))
    #expect(ERR_peek_error() == 0)
  }

  @Test func keyInMemoryGoesThroughPEMAndBack() throws {
    let key = Ed25519Key()
    var text = key.pem
    #expect(String(decoding: text, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    #expect(try #require(Ed25519Key(pem: text)).publicBytes == key.publicBytes)
    SecretBytes.wipe(&text)
    #expect(text.isEmpty)
  }

  @Test func keysThatAreMadeDiffer() {
    #expect(Set((0..<100).map { _ in Ed25519Key().publicBytes }).count == 100)
  }

  private func pem(secret: [UInt8]) -> [UInt8] {
    let der = bytes(hex: "302e020100300506032b657004220420") + secret
    var text = [UInt8](repeating: 0, count: 4 * ((der.count + 2) / 3) + 1)
    let count = EVP_EncodeBlock(&text, der, Int32(der.count))
    return Array("-----BEGIN PRIVATE KEY-----\n".utf8) + text[..<Int(count)]
      + Array("\n-----END PRIVATE KEY-----\n".utf8)
  }
}
