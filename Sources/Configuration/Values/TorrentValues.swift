import Glibc
import RegistryCore

extension ValueType<String> {
  /// A pattern of repository names, in the grammar of `PublicPatterns`.
  static var pattern: Self {
    ValueType(
      allowed: "PATTERN", placeholder: "PATTERN",
      parse: { text throws(ValueProblem) in
        do throws(RegistryError) {
          try PublicPatterns.check(text)
          return text
        } catch {
          throw ValueProblem(
            "'\(Shown(text))' is no pattern of repositories", advice: "write library/*, team/** or ** (all)")
        }
      }, show: { $0 })
  }

  /// A host, by name or address, and a port.
  static var dhtNode: Self {
    ValueType(
      allowed: "HOST:PORT", placeholder: "HOST:PORT",
      parse: { text throws(ValueProblem) in
        let problem = ValueProblem(
          "'\(Shown(text))' is no host with a port", advice: "write HOST:PORT, for example dht.example.org:6881")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
          throw problem
        }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let letters = isBracketed ? host.dropFirst().dropLast() : host
        guard 1...253 ~= letters.utf8.count, letters.utf8.allSatisfy({ Self.isHost($0, isBracketed: isBracketed) })
        else { throw problem }
        return text
      }, show: { $0 })
  }

  private static func isHost(_ byte: UInt8, isBracketed: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: isBracketed && byte == UInt8(ascii: ":")
    }
  }

  /// Where trackers are: by HTTP (BEP 3) or UDP (BEP 15).
  static var trackerAddress: Self {
    ValueType(
      allowed: "URL", placeholder: "URL",
      parse: { text throws(ValueProblem) in
        try WebAddress.check(text, schemes: ["http", "https", "udp"], "udp://tracker.example.org:6969/announce")
        return text
      }, show: { $0 })
  }
}

extension ValueType<String?> {
  /// Where something is on the web, without a slash at its end, so that paths can be put behind it.
  static var webAddress: Self {
    ValueType(
      allowed: "a URL", placeholder: "URL",
      parse: { text throws(ValueProblem) in
        let bare = text.hasSuffix("/") ? String(text.dropLast()) : text
        try WebAddress.check(bare, schemes: ["http", "https"], "https://registry.example.org")
        guard !bare.contains("?") else {
          throw ValueProblem("paths cannot be put behind '\(Shown(bare))'", advice: "take ? and what follows out")
        }
        return bare
      }, show: { $0 })
  }
}

extension ValueType<ListenAddress?> {
  /// One address and one port that others can reach.
  static var endpoint: Self {
    ValueType(
      allowed: "ADDRESS:PORT", placeholder: "ADDRESS:PORT",
      parse: { text throws(ValueProblem) in
        let address = try ListenAddress(parsing: text)
        guard address.port != 0, !["*", "0.0.0.0", "::"].contains(address.host) else {
          throw ValueProblem(
            "'\(Shown(text))' is nowhere that others can reach",
            advice: "write the address and port that they see, for example 203.0.113.7:6881")
        }
        return address
      }, show: { $0?.description })
  }
}

/// Enough of RFC 3986 to refuse what would make a broken .torrent: the rest is the reader's business.
enum WebAddress {
  static func check(_ text: String, schemes: [String], _ example: String) throws(ValueProblem) {
    let advice = "write \(schemes.map { "\($0)://" }.joined(separator: " or "))HOST, for example \(example)"
    guard let scheme = schemes.first(where: { text.hasPrefix("\($0)://") }) else {
      throw ValueProblem("'\(Shown(text))' is no such URL", advice: advice)
    }
    let rest = text.utf8.dropFirst(scheme.utf8.count + 3)
    let authority = rest.prefix { $0 != UInt8(ascii: "/") }
    guard let host = host(of: authority) else {
      throw ValueProblem("'\(Shown(text))' names no host", advice: advice)
    }
    guard isPort(authority.dropFirst(host.count)) else {
      throw ValueProblem(
        "what stands behind the host of '\(Shown(text))' is no port", advice: "write : and 1 to 65535, or nothing")
    }
    // Fields of a head, quoted strings and bencoded text hold these URLs as they are.
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}#".utf8.contains($0) }) else {
      throw ValueProblem("'\(Shown(text))' has characters that a URL has not", advice: advice)
    }
  }

  private static func host(of authority: Substring.UTF8View) -> Substring.UTF8View? {
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      return authority[...end]
    }
    let host = authority.prefix { $0 != UInt8(ascii: ":") }
    return host.isEmpty || authority.contains(UInt8(ascii: "@")) ? nil : host
  }

  /// - Parameter rest: what stands behind the host.
  private static func isPort(_ rest: Substring.UTF8View) -> Bool {
    guard let colon = rest.first else { return true }
    let digits = rest.dropFirst()
    return colon == UInt8(ascii: ":") && digits.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      && UInt16(Substring(digits)).map { $0 > 0 } ?? false
  }
}
