import Glibc

extension PeerEndpoint {
  /// `192.0.2.1:6881` or `[2001:db8::1]:6881`; `nil` for anything else, a host's name too. The address is kept in its
  /// canonical spelling.
  public init?(parsing text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text.utf8[text.utf8.index(after: colon)...]
    guard 1...5 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { return nil }
    let host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    guard let address = Self.canonical(isBracketed ? String(host.dropFirst().dropLast()) : String(host)),
      isBracketed == address.contains(":")
    else { return nil }
    self.init(address: address, port: port)
  }

  /// As trackers and magnets of the compact kind write it: 4 or 16 bytes of address, 2 of port; `nil` when the address is
  /// none. An IPv4 address in IPv6 clothes, as a socket for both gives it, is an IPv4 address.
  public var compact: [UInt8]? {
    let portBytes = [UInt8(port >> 8), UInt8(port & 0xff)]
    if let four = Self.bytes(of: address, AF_INET, count: 4) { return four + portBytes }
    guard let sixteen = Self.bytes(of: address, AF_INET6, count: 16) else { return nil }
    let isFour = sixteen.starts(with: Self.mappedPrefix)
    return (isFour ? Array(sixteen[12...]) : sixteen) + portBytes
  }

  private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

  private static func bytes(of address: String, _ family: Int32, count: Int) -> [UInt8]? {
    // A C string would end at a zero byte and hide what stands behind it.
    guard !address.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, address, &bytes) == 1 ? bytes : nil
  }

  private static func canonical(_ address: String) -> String? {
    let family = address.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
    guard let bytes = bytes(of: address, family, count: family == AF_INET ? 4 : 16) else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
