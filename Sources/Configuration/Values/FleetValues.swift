extension ValueType<String> {
  /// An address or a name with a port, as others dial it.
  static var memberAddress: Self {
    ValueType(
      allowed: "HOST:PORT", placeholder: "HOST:PORT",
      parse: { text throws(ValueProblem) in
        guard isMemberAddress(text) else {
          throw ValueProblem(
            "'\(Shown(text))' is nowhere that others can reach",
            advice: "write an address or a name and the port, for example node-a.example.org:6001")
        }
        return text
      }, show: { $0 })
  }
}

extension ValueType<String?> {
  static var zone: Self {
    ValueType(
      allowed: "a zone", placeholder: "ZONE",
      parse: { text throws(ValueProblem) in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard text.utf8.count <= 128, 1...4 ~= parts.count,
          parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.allSatisfy(isLowercaseWord) })
        else {
          throw ValueProblem(
            "'\(Shown(text))' is no zone",
            advice: "write up to four parts of lowercase letters, digits, '.', '_' and '-': site-a/rack-3")
        }
        return text
      }, show: { $0 })
  }

  static var nodeName: Self {
    ValueType(
      allowed: "a name", placeholder: "NAME",
      parse: { text throws(ValueProblem) in
        let bytes = Array(text.utf8)
        guard 1...63 ~= bytes.count, bytes.allSatisfy({ isLowercaseWord($0 | 0x20) || isLowercaseWord($0) }),
          !".-_".utf8.contains(bytes[0])
        else {
          throw ValueProblem(
            "'\(Shown(text))' is no name of a node",
            advice: "write up to 63 letters, digits, '.', '_' and '-', a letter or digit first")
        }
        return text
      }, show: { $0 })
  }
}

private func isLowercaseWord(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
  default: ".-_".utf8.contains(byte)
  }
}

/// What is no host is refused again where it is used; here a mistake is told with its line.
private func isMemberAddress(_ text: String) -> Bool {
  guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
    return false
  }
  let host = text[..<colon]
  if host.hasPrefix("["), host.hasSuffix("]") { return host.dropFirst().dropLast().contains(":") }
  return !host.isEmpty && host.utf8.allSatisfy { isLowercaseWord($0) || isLowercaseWord($0 | 0x20) }
}
