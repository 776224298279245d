import Testing

@testable import Wire

struct ChunkedDecoderTests {
  private static let good: [(String, body: String, rest: String)] = [
    ("0\r\n\r\n", "", ""),
    ("5;name=value;other=\"a b\"\r\nhello\r\n0;x\r\n\r\n", "hello", ""),
    ("5\r\nhello\r\n0\r\n\r\nGET /", "hello", "GET /"),
    ("0000000000000a\r\n0123456789\r\nA\r\nABCDEFGHIJ\r\n00\r\n\r\n", "0123456789ABCDEFGHIJ", ""),
    ("3\r\n\r\n0\r\n2\r\n\r\n\r\n0\r\nTrailer: value\r\nOther:\r\n\r\nx", "\r\n0\r\n", "x"),
  ]

  private static let bad: [(String, ChunkedDecoder.Malformed)] = [
    ("\r\n", .sizeMissing), ("g\r\n", .sizeMissing), (" 5\r\n", .sizeMissing), ("-5\r\n", .sizeMissing),
    ("+5\r\n", .sizeMissing), ("0x5\r\n", .sizeMissing), ("5 \r\n", .sizeMissing), (";a\r\n", .sizeMissing),
    ("5\nhello", .sizeMissing), ("5\rhello", .lineEnd), ("5\r\nhelloX", .lineEnd), ("5\r\nhello\n", .lineEnd),
    ("5\r\nhello\rX", .lineEnd), ("0\r\n\rX", .lineEnd),
    ("FFFFFFFFFFFFFFFF\r\n", .sizeTooLarge), ("8000000000000000\r\n", .sizeTooLarge),
    ("0000000000000005\r\n", .sizeTooLarge),
    ("5;a\nhello", .extensionMalformed), ("5;\u{0}\r\n", .extensionMalformed),
    ("5;" + String(repeating: "a", count: 257), .extensionTooLong),
    ("0\r\n folded\r\n\r\n", .trailerMalformed), ("0\r\nname\r\n\r\n", .trailerMalformed),
    ("0\r\na : b\r\n\r\n", .trailerMalformed), ("0\r\na: b\n\r\n", .trailerMalformed), ("0\r\n\n", .trailerMalformed),
    ("0\r\na: b\rc\r\n\r\n", .trailerMalformed),
    ("0\r\n" + String(repeating: "a: b\r\n", count: 1_400), .trailersTooLong),
  ]

  private struct Decoded {
    let body: [UInt8]
    let rest: [UInt8]
    let isAtEnd: Bool
  }

  /// Feeds the pieces and gathers the body; the rest is what stands behind the end.
  private func decode(_ pieces: [[UInt8]]) throws(ChunkedDecoder.Malformed) -> Decoded {
    var decoder = ChunkedDecoder()
    var (body, rest): ([UInt8], [UInt8]) = ([], [])
    for piece in pieces {
      var cursor = 0
      while case .data(let count) = try decoder.step(piece.span, &cursor) {
        body += piece[(cursor - count)..<cursor]
      }
      rest += piece[cursor...]
    }
    return Decoded(body: body, rest: rest, isAtEnd: decoder.isAtEnd)
  }

  @Test(arguments: good.indices)
  func bodyIsTheSameHoweverItIsCut(index: Int) throws {
    let (text, body, rest) = Self.good[index]
    let bytes = Array(text.utf8)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
        let decoded = try decode(pieces)
        #expect(decoded.body == Array(body.utf8) && decoded.rest == Array(rest.utf8) && decoded.isAtEnd)
      }
    }
  }

  @Test(arguments: bad.indices)
  func malformedFramingIsRefusedHoweverItIsCut(index: Int) {
    let (text, reason) = Self.bad[index]
    let bytes = Array(text.utf8)
    let cuts = bytes.count > 300 ? [0, 1, bytes.count / 2] : Array(0...bytes.count)
    for cut in cuts {
      #expect(throws: reason, "cut at \(cut) of \(text.debugDescription)") {
        try decode([Array(bytes[..<cut]), Array(bytes[cut...])])
      }
    }
  }

  @Test func largestSizesAreCountedWithoutOverflow() throws {
    var decoder = ChunkedDecoder()
    var cursor = 0
    let bytes = Array("fffffffffffffff\r\nabc".utf8)
    let (first, second) = (try decoder.step(bytes.span, &cursor), try decoder.step(bytes.span, &cursor))
    #expect((first, second) == (.data(3), .needsMore))
    #expect(!decoder.isAtEnd)
  }

  @Test func everyProperPrefixNeedsMore() throws {
    for (text, _, rest) in Self.good where rest.isEmpty {
      let bytes = Array(text.utf8)
      for count in 0..<bytes.count { #expect(!(try decode([Array(bytes[..<count])]).isAtEnd)) }
    }
  }
}
