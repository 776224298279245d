/// The classes of bytes that the grammar of HTTP speaks of (RFC 9110 §5.6.2, RFC 9112 §2).
enum Octet {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let colon = UInt8(ascii: ":")

  // One bit for each byte of `tchar`, 0–63 and 64–127.
  private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
  private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    let mask = byte < 64 ? tokenLow : tokenHigh
    return byte < 128 && (mask >> UInt64(byte & 63)) & 1 == 1
  }

  /// What may stand inside a field's value: visible ASCII, space, tab, and the bytes above ASCII.
  @inline(__always)
  static func isFieldText(_ byte: UInt8) -> Bool {
    (byte >= space && byte != 0x7F) || byte == tab
  }

  /// What may stand in a request-target: visible ASCII, without the fragment's mark.
  @inline(__always)
  static func isTarget(_ byte: UInt8) -> Bool {
    byte > space && byte < 0x7F && byte != UInt8(ascii: "#")
  }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

  @inline(__always)
  static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- UInt8(ascii: "0") }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter + 10 : nil
  }

  /// Whether the range holds the word, which is given in lower case, whatever the case of its letters.
  @inline(__always)
  static func matches(_ bytes: Span<UInt8>, _ range: TextRange, _ word: StaticString) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { word in
      for index in 0..<word.count where lowercase(bytes[range.start + index]) != word[index] { return false }
      return true
    }
  }

  /// Whether the word, which is given in lower case, stands somewhere in the bytes, whatever the case of its letters.
  static func contains(_ bytes: some Collection<UInt8>, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = word.first else { return true }
    var rest = bytes[...]
    while rest.count >= word.count, let start = rest.firstIndex(where: { lowercase($0) == first }) {
      rest = rest[start...]
      if rest.count >= word.count, zip(rest, word).allSatisfy({ lowercase($0) == $1 }) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}

/// A range inside a head: two bytes an end, since no head is larger than 64 KiB.
struct TextRange: Sendable, Equatable {
  private let lower: UInt16
  private let upper: UInt16

  static let empty = TextRange(0, 0)

  init(_ start: Int, _ end: Int) {
    lower = UInt16(truncatingIfNeeded: start)
    upper = UInt16(truncatingIfNeeded: end)
  }

  var start: Int { Int(lower) }
  var end: Int { Int(upper) }
  var count: Int { Int(upper) - Int(lower) }
}

/// Where a field's name and value stand in a head.
struct FieldRange: Sendable, Equatable {
  let name: TextRange
  let value: TextRange

  static let empty = FieldRange(name: .empty, value: .empty)
}
