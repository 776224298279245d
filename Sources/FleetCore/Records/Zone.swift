/// Where a node stands, from the widest to the nearest: `site-a/rack-3`. Up to four parts of lowercase letters, digits,
/// `.`, `_` and `-`.
public struct Zone: Hashable, Sendable, CustomStringConvertible {
  public static let partLimit = 4
  public static let byteLimit = 128

  public let parts: [String]

  public init?(parsing text: some StringProtocol) {
    guard text.utf8.count <= Self.byteLimit else { return nil }
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count <= Self.partLimit, parts.allSatisfy(Self.isPart) else { return nil }
    self.parts = parts
  }

  public var description: String { parts.joined(separator: "/") }

  /// How far it is from one to the other, 0 within a zone: how many parts the two do not have in common. To or from a node
  /// that does not say where it stands it is as far as it gets.
  public static func distance(_ one: Zone?, _ other: Zone?) -> Int {
    guard let one, let other else { return partLimit }
    let common = zip(one.parts, other.parts).prefix { $0 == $1 }.count
    return max(one.parts.count, other.parts.count) - common
  }

  private static func isPart(_ part: String) -> Bool {
    !part.isEmpty && part != "." && part != ".."
      && part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_".utf8.contains(byte)
        }
      }
  }
}
