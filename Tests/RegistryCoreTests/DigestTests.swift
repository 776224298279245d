import RegistryCore
import Testing

@Suite struct DigestTests {
  static let sha256 = String(repeating: "0123456789abcdef", count: 4)
  static let sha512 = String(repeating: "0123456789abcdef", count: 8)

  @Test func bothAlgorithmsParseAndPrintAsTheyWereWritten() throws {
    for text in ["sha256:\(Self.sha256)", "sha512:\(Self.sha512)"] {
      let digest = try Digest(parsing: text)
      #expect(digest.description == text)
      #expect(Digest(algorithm: digest.algorithm, hash: digest.hash) == digest)
      #expect(digest.hash.count == digest.algorithm.byteCount)
    }
  }

  @Test(arguments: [
    "", ":", "sha256", "sha256:", ":\(sha256)", "sha256:\(sha512)", "sha512:\(sha256)", "sha256:\(sha256)0",
    "sha256:\(sha256.dropLast())", "SHA256:\(sha256)", "sha256:\(sha256.uppercased())", "sha384:\(sha256)",
    "md5:d41d8cd98f00b204e9800998ecf8427e", " sha256:\(sha256)", "sha256:\(sha256) ", "sha256:\(sha256.dropLast())g",
    "sha256:../../../../../../../../../../../../../../../../../../../etc/pass", "sha256::\(sha256.dropLast())",
    "sha256:\(sha256.dropLast(2))é", "sha256:\(sha256.dropLast(1))\0", "sha256+b64:\(sha256)",
    "sha256:\(sha256.dropLast(3))\u{FF10}", "\u{200B}sha256:\(sha256)",
  ])
  func whatIsNoDigestIsRefused(_ text: String) {
    let error = #expect(throws: RegistryError.self) { try Digest(parsing: text) }
    #expect(error?.code == .digestInvalid)
  }

  @Test func everyByteOutsideLowercaseHexIsRefusedAtEveryPlace() {
    for byte in UInt8.min..<128 where !"0123456789abcdef".utf8.contains(byte) {
      for place in [0, 31, 63] {
        var bytes = Array(Self.sha256.utf8)
        bytes[place] = byte
        let text = "sha256:" + String(decoding: bytes, as: UTF8.self)
        #expect(throws: RegistryError.self) { try Digest(parsing: text) }
      }
    }
  }

  @Test func digestsSortByAlgorithmAndThenByHash() throws {
    let texts = ["sha512:\(Self.sha512)", "sha256:f\(Self.sha256.dropFirst())", "sha256:\(Self.sha256)"]
    let sorted = try texts.map { try Digest(parsing: $0) }.sorted().map(\.description)
    #expect(sorted == texts.reversed())
  }

  @Test func aSubstringParsesLikeItsText() throws {
    let line = "blob sha256:\(Self.sha256) end"
    #expect(try Digest(parsing: line.split(separator: " ")[1]).hex == Self.sha256)
  }

  @Test func whatAClientWroteIsQuotedCutAndWithoutControls() {
    let error = #expect(throws: RegistryError.self) {
      try Digest(parsing: "\u{1B}[31m" + String(repeating: "x", count: 10_000))
    }
    #expect(error.map { $0.message.utf8.count < 250 && !$0.message.unicodeScalars.contains("\u{1B}") } == true)
    #expect(error?.message.contains("…") == true)
  }
}

@Suite struct HexTests {
  @Test func everyByteGoesThereAndBack() {
    let bytes = Array(UInt8.min...UInt8.max)
    #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    #expect(Hex.encode([0, 15, 16, 255]) == "000f10ff")
    #expect(Hex.encode([UInt8]()) == "" && Hex.decode("") == [])
  }

  @Test(arguments: ["0", "000", "0g", "AB", "é", "0x", " 0", "-1", "٠٠"]) func whatIsNoHexDecodesToNothing(
    _ text: String
  ) {
    #expect(Hex.decode(text) == nil)
  }
}
