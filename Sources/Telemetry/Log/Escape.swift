/// A character that must not stand in a line as it is: what would end the quotes, and what a terminal obeys (control
/// characters of both sets, line separators, the marks that turn the direction of text).
struct Escape {
  /// What follows the backslash; `u` is followed by four hex digits of `scalar`.
  let letter: UInt8
  let scalar: UInt16
  /// How many bytes of the text it stands for.
  let byteCount: Int

  /// `nil`: the byte at `index` may stand as it is. Swift's strings hold valid UTF-8, so the bytes after a lead are there.
  @inline(__always)
  init?(of text: UnsafeBufferPointer<UInt8>, at index: Int) {
    let byte = text[index]
    guard byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F else { return nil }
    self.init(unusual: byte, of: text, at: index)
  }

  private init?(unusual byte: UInt8, of text: UnsafeBufferPointer<UInt8>, at index: Int) {
    switch byte {
    case 0..<0x80:
      (letter, scalar, byteCount) = (Self.letter(of: byte), UInt16(byte), 1)
    case 0xC2 where text[index + 1] < 0xA0:
      // U+0080…U+009F
      (letter, scalar, byteCount) = (UInt8(ascii: "u"), UInt16(text[index + 1]), 2)
    case 0xE2:
      let value = 0x2000 | UInt16(text[index + 1] & 0x3F) << 6 | UInt16(text[index + 2] & 0x3F)
      guard
        (0x200E...0x200F).contains(value) || (0x2028...0x202E).contains(value)
          || (0x2066...0x2069).contains(value)
      else { return nil }
      (letter, scalar, byteCount) = (UInt8(ascii: "u"), value, 3)
    default:
      return nil
    }
  }

  private static func letter(of byte: UInt8) -> UInt8 {
    switch byte {
    case 0x0A: UInt8(ascii: "n")
    case 0x0D: UInt8(ascii: "r")
    case 0x09: UInt8(ascii: "t")
    case 0x22, 0x5C: byte
    default: UInt8(ascii: "u")
    }
  }
}
