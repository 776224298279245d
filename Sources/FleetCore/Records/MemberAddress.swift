import RegistryCore

/// Where a member can be reached: `192.0.2.1:6001`, `[2001:db8::1]:6001` or `node-a.example:6001`. One spelling of each:
/// addresses as the system writes them, names in lowercase and without a dot at their end.
public struct MemberAddress: Hashable, Sendable, CustomStringConvertible {
  public static let byteLimit = 253 + 6

  /// An IPv6 address without its brackets.
  public let host: String
  public let port: UInt16

  public init?(parsing text: some StringProtocol) {
    guard text.utf8.count <= Self.byteLimit else { return nil }
    let text = String(text)
    if let endpoint = PeerEndpoint(parsing: text) {
      guard Self.isReachable(endpoint) else { return nil }
      (host, port) = (endpoint.address, endpoint.port)
      return
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
      let port = Self.port(Array(text.utf8[text.utf8.index(after: colon)...])),
      Self.isName(Array(text.utf8[..<colon]))
    else { return nil }
    (host, self.port) = (text[..<colon].lowercased(), port)
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func port(_ digits: [UInt8]) -> UInt16? {
    guard 1...5 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      digits.first != UInt8(ascii: "0")
    else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self))
  }

  /// Labels of letters, digits and hyphens (RFC 1123, 2.1). The last one is no number: what looks like an address and is
  /// none would be read as one by somebody.
  private static func isName(_ host: [UInt8]) -> Bool {
    let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return host.count <= 253 && labels.allSatisfy(isLabel) && labels.last?.contains(where: isLetter) == true
  }

  private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return 1...63 ~= label.count && label.first != hyphen && label.last != hyphen
      && label.allSatisfy { isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == hyphen }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }

  /// Not the address of nobody, of all, or of a group.
  private static func isReachable(_ endpoint: PeerEndpoint) -> Bool {
    guard let bytes = endpoint.compact?.dropLast(2), let first = bytes.first else { return false }
    let isGroup = bytes.count == 4 ? first >= 224 : first == 0xff
    return !isGroup && (bytes.count == 4 ? first != 0 : bytes.contains { $0 != 0 })
  }
}
