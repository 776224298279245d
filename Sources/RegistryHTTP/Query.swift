import RegistryCore

/// The parameters after the `?`, decoded. Parameters that a route does not know are ignored, so that `?ns=` and the
/// like never disturb it.
public struct Query: Sendable {
  private let pairs: [(name: String, value: String)]

  init(_ text: String?) {
    pairs = (text ?? "").split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decode(parts[0]), parts.count == 2 ? Self.decode(parts[1]) : "")
    }
  }

  subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  /// A page's size: `nil` when not asked for.
  func pageSize() throws(RegistryError) -> Int? {
    guard let text = self["n"] else { return nil }
    guard let size = Int(text), size >= 0, text.utf8.first != UInt8(ascii: "+") else {
      throw RegistryError(.pageInvalid, "n is a number of entries, 0 or more")
    }
    return size
  }

  private static func decode(_ text: Substring) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
          bytes.append(byte)
          continue
        }
        bytes.append(decoded)
        rest = rest.dropFirst(2)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Text as it may stand in a query's value.
  public static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        encoded += "%" + Hex.encode([byte]).uppercased()
      }
    }
    return encoded
  }
}
