/// A value to be written as BitTorrent writes values (BEP 3, "bencoding").
package indirect enum BencodeValue {
  case integer(Int64)
  case bytes([UInt8])
  case list([BencodeValue])
  /// Written in the order of the keys' bytes, as BEP 3 asks; each key once.
  case dictionary([Key: BencodeValue])
  /// Bytes that are bencoded already, kept as they stand: a hash is of them.
  case encoded([UInt8])

  package static func text(_ text: String) -> BencodeValue { .bytes(Array(text.utf8)) }

  package struct Key: Hashable, Comparable, ExpressibleByStringLiteral {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(stringLiteral text: StaticString) { bytes = text.withUTF8Buffer { Array($0) } }

    package static func < (left: Key, right: Key) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
  }

  package var encoded: [UInt8] {
    var output: [UInt8] = []
    write(to: &output)
    return output
  }

  private func write(to output: inout [UInt8]) {
    switch self {
    case .integer(let number):
      output += "i\(number)e".utf8
    case .bytes(let bytes):
      Self.write(bytes, to: &output)
    case .list(let values):
      output.append(UInt8(ascii: "l"))
      for value in values { value.write(to: &output) }
      output.append(UInt8(ascii: "e"))
    case .dictionary(let entries):
      output.append(UInt8(ascii: "d"))
      for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
        Self.write(key.bytes, to: &output)
        value.write(to: &output)
      }
      output.append(UInt8(ascii: "e"))
    case .encoded(let bytes):
      output += bytes
    }
  }

  private static func write(_ bytes: [UInt8], to output: inout [UInt8]) {
    output += "\(bytes.count):".utf8
    output += bytes
  }
}
