import Testing

@testable import RegistryCore

@Suite struct BencodeTests {
  private static let limits = BencodeDocument.Limits(bytes: 1000, depth: 4, values: 20)

  private func read(_ text: String) throws(BencodeDocument.Malformed) -> BencodeView {
    try BencodeDocument(Array(text.utf8), within: Self.limits).root
  }

  @Test func valuesAreReadInPlace() throws {
    let root = try read("d1:ai-12e2:bcl0:4:spami0ee3:end0:e")
    #expect(root["a"]?.integer == -12)
    #expect(root["bc"]?.items?.first?.bytes?.isEmpty == true)
    #expect(root["bc"]?.items?.map(\.text) == ["", "spam", nil])
    #expect(root["end"]?.text == "")
    #expect(root["absent"] == nil)
  }

  @Test func aValuesOwnBytesAreKept() throws {
    let root = try read("d1:ad1:bi1e1:cleee")
    #expect(root["a"].map { String(decoding: $0.encoded, as: UTF8.self) } == "d1:bi1e1:clee")
    #expect(root["a"]?.entries?.map { String(decoding: $0.key, as: UTF8.self) } == ["b", "c"])
    #expect(String(decoding: root.encoded, as: UTF8.self) == "d1:ad1:bi1e1:cleee")
  }

  @Test func anotherKindOfValueIsAsIfItWereNotThere() throws {
    let root = try read("d1:ai1ee")
    #expect(root.integer == nil && root.bytes == nil && root.items == nil)
    #expect(root["a"]?["b"] == nil && root["a"]?.text == nil && root["a"]?.entries == nil)
    #expect(try read("2:\u{e9}").text == "\u{e9}")
    #expect(try BencodeDocument([0x31, 0x3a, 0xff], within: Self.limits).root.text == nil)
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max]) func numbersOf64BitsAreRead(number: Int64) throws {
    #expect(try read("i\(number)e").integer == number)
  }

  @Test(arguments: [
    "", "e", "x", "i", "ie", "i-e", "i-0e", "i00e", "i01e", "i-01e", "i+1e", "i 1e", "i1", "i1.0e", "i1:e",
    "i9223372036854775808e", "i-9223372036854775809e", "i99999999999999999999999999e", "1", "1:", "01:a", "00:", "-1:a",
    "2:a", "99999999999999999999:a", "9223372036854775807:a", "1:ab", "i1ei2e", "l", "li1e", "d", "d1:a", "d1:ae",
    "di1ei2ee", "dlei1ee", "d1:ai1e", "d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee", "d2:aai1e1:ai2ee", "d1:ai1e0:i2ee",
    "lllllleeeee", "le ", " le", "l e", "li1e1e",
  ])
  func whatHasAnotherSpellingOrNoEndIsRefused(_ text: String) {
    #expect(throws: BencodeDocument.Malformed.self) { try read(text) }
  }

  @Test func everyLimitIsTheLastThatIsTaken() throws {
    #expect(try read("lllleeee").items?.count == 1)
    #expect(throws: BencodeDocument.Malformed.self) { try read("llllleeeee") }
    #expect(try read("l" + String(repeating: "le", count: 19) + "e").items?.count == 19)
    #expect(throws: BencodeDocument.Malformed.self) { try read("l" + String(repeating: "0:", count: 20) + "e") }
    #expect(try read("996:" + String(repeating: "a", count: 996)).bytes?.count == 996)
    #expect(throws: BencodeDocument.Malformed.self) { try read("997:" + String(repeating: "a", count: 997)) }
  }

  /// A document that is all openings: no stack of ours is used up.
  @Test func aHundredThousandOpeningsAreRefused() {
    let limits = BencodeDocument.Limits(bytes: 1 << 20, depth: 16, values: 1 << 20)
    for opening in ["l", "d0:"] {
      let bytes = Array(String(repeating: opening, count: 100_000).utf8)
      #expect(throws: BencodeDocument.Malformed.self) { try BencodeDocument(bytes, within: limits) }
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let value: BencodeValue = .dictionary([
      "b": .list([.integer(.min), .text("é"), .encoded(Array("i1e".utf8))]), "a": .bytes([0, 255]), "": .list([]),
      "aa": .dictionary([:]),
    ])
    let document = try BencodeDocument(value.encoded, within: Self.limits)
    #expect(document.root.entries?.map { String(decoding: $0.key, as: UTF8.self) } == ["", "a", "aa", "b"])
    #expect(document.root["a"]?.bytes?.elementsEqual([0, 255]) == true)
    #expect(document.root["b"]?.items?.map(\.integer) == [.min, nil, 1])
  }
}
