import RegistryCore

/// What people call a node: 1 to 63 letters, digits, `.`, `_` and `-`, a letter or digit first. Never taken for a node's
/// ID, which has 64 digits.
public struct NodeName: Hashable, Sendable, CustomStringConvertible, Comparable {
  public static let byteLimit = 63

  public let text: String

  public init?(parsing text: some StringProtocol) {
    guard 1...Self.byteLimit ~= text.utf8.count, text.utf8.first.map(Self.isWord) == true,
      text.utf8.allSatisfy({ Self.isWord($0) || ".-_".utf8.contains($0) })
    else { return nil }
    self.text = String(text)
  }

  public var description: String { text }

  public static func < (left: NodeName, right: NodeName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
