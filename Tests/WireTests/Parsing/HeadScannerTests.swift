import Testing

@testable import Wire

struct HeadScannerTests {
  /// The connection parses only when the scanner says so: it must never miss the end, or what will be refused.
  @Test(arguments: [UInt64](1...4))
  func parsingOnlyWhenItIsWorthItFindsTheSameVerdictByteByByte(seed: UInt64) throws {
    var mutator = HeadMutator(seed: seed)
    for round in 0..<500 {
      let bytes = mutator.next()
      var scanner = HeadScanner()
      var verdict: String?
      for count in 1...bytes.count where verdict == nil {
        guard scanner.isWorthParsing(bytes.span.extracting(..<count)) else { continue }
        verdict = Self.verdict(Array(bytes[..<count]))
      }
      // Refusals inside a line may be seen earlier when all is there at once, but not differently.
      if let whole = Self.verdict(bytes), bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
        let text = String(decoding: bytes, as: UTF8.self).debugDescription
        #expect(verdict == whole, "seed \(seed), round \(round): \(text)")
      }
    }
  }

  private static func verdict(_ bytes: [UInt8]) -> String? {
    do throws(HeadRefusal) {
      return try ParsedHead.read(bytes).map { "\($0)" }
    } catch {
      return "\(error)"
    }
  }

  @Test func emptyLineFirstLineAndBareLineFeedAreWorthATry() {
    let text = Array("\r\nGET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".utf8)
    var scanner = HeadScanner()
    let worthAt = (1...text.count).filter { scanner.isWorthParsing(text.span.extracting(..<$0)) }
    #expect(worthAt == [2, 18, text.count])
    var other = HeadScanner()
    let bare = Array("GET / HTTP/1.1\r\nHost: a\n".utf8)
    let isWorth = other.isWorthParsing(bare.span)
    #expect(isWorth)
  }
}
