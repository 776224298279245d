/// Percent-encoding (RFC 3986, 2.1) of bytes, read strictly: what a value means must not depend on who reads it.
enum PercentText {
  /// `nil` when a `%` has no two hex digits behind it. A `+` is a plus.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.count)
    var bytes = text.makeIterator()
    while let byte = bytes.next() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = bytes.next().flatMap(hexValue), let low = bytes.next().flatMap(hexValue) else { return nil }
      decoded.append(high << 4 | low)
    }
    return decoded
  }

  /// Everything but RFC 3986's unreserved characters, and those that the caller knows to be safe, is encoded.
  static func encode(_ text: String, except safe: StaticString = "") -> String {
    var encoded = ""
    for byte in text.utf8 {
      if isUnreserved(byte) || safe.withUTF8Buffer({ $0.contains(byte) }) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + Hex.encode(CollectionOfOne(byte)).uppercased()
      }
    }
    return encoded
  }

  /// The `name=value` pairs between `&`s, as they stand. A pair without `=` has an empty value; empty pairs are skipped.
  static func pairs(_ query: some StringProtocol) -> [(name: String, value: Substring.UTF8View)] {
    Substring(query).utf8.split(separator: UInt8(ascii: "&")).map { pair in
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      return (String(decoding: name, as: UTF8.self), pair.dropFirst(name.count + 1))
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
