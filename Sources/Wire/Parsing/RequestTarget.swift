/// The forms of a request-target (RFC 9112 §3.2): a path, an absolute URI, or `*` for OPTIONS.
enum RequestTarget {
  static func read(_ bytes: Span<UInt8>, _ target: TextRange, _ head: inout RequestHead) throws(HeadRefusal) {
    let first = bytes[target.start]
    if first == UInt8(ascii: "/") {
      split(bytes, from: target.start, to: target.end, &head)
    } else if first == UInt8(ascii: "*"), target.count == 1, Octet.matches(bytes, head.method, "options") {
      head.path = target
    } else if let start = authorityStart(bytes, target) {
      try readAbsolute(bytes, from: start, to: target.end, &head)
    } else {
      throw .targetMalformed
    }
  }

  /// Where the authority starts, behind `http://` or `https://`.
  private static func authorityStart(_ bytes: Span<UInt8>, _ target: TextRange) -> Int? {
    for (scheme, length) in [("http://" as StaticString, 7), ("https://", 8)]
    where target.count > length
      && Octet.matches(bytes, TextRange(target.start, target.start + length), scheme)
    {
      return target.start + length
    }
    return nil
  }

  private static func readAbsolute(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, _ head: inout RequestHead
  ) throws(HeadRefusal) {
    var cursor = start
    while cursor < end, bytes[cursor] != UInt8(ascii: "/"), bytes[cursor] != UInt8(ascii: "?") { cursor += 1 }
    let authority = TextRange(start, cursor)
    guard authority.count > 0, HostField.isValid(bytes, authority) else { throw .targetMalformed }
    head.authority = authority
    split(bytes, from: cursor, to: end, &head)
  }

  private static func split(_ bytes: Span<UInt8>, from start: Int, to end: Int, _ head: inout RequestHead) {
    var cursor = start
    while cursor < end, bytes[cursor] != UInt8(ascii: "?") { cursor += 1 }
    head.path = TextRange(start, cursor)
    head.query = cursor < end ? TextRange(cursor + 1, end) : nil
  }
}

/// `Host = uri-host [ ":" port ]` (RFC 9110 §7.2), as far as routing could stumble over it.
enum HostField {
  static func isValid(_ bytes: Span<UInt8>, _ range: TextRange) -> Bool {
    var cursor = range.start
    if cursor < range.end, bytes[cursor] == UInt8(ascii: "[") {
      repeat {
        cursor += 1
        guard cursor < range.end else { return false }
      } while isAddress(bytes[cursor])
      guard bytes[cursor] == UInt8(ascii: "]") else { return false }
      cursor += 1
    } else {
      while cursor < range.end, isName(bytes[cursor]) { cursor += 1 }
    }
    guard cursor < range.end else { return true }
    guard bytes[cursor] == Octet.colon else { return false }
    return isPort(bytes, TextRange(cursor + 1, range.end))
  }

  private static func isPort(_ bytes: Span<UInt8>, _ range: TextRange) -> Bool {
    guard (1...5).contains(range.count) else { return false }
    var port = 0
    for index in range.start..<range.end {
      guard Octet.isDigit(bytes[index]) else { return false }
      port = port * 10 + Int(bytes[index] &- UInt8(ascii: "0"))
    }
    return port <= 65_535
  }

  private static func isAddress(_ byte: UInt8) -> Bool {
    Octet.hexValue(byte) != nil || byte == Octet.colon || byte == UInt8(ascii: ".")
  }

  /// What stands in the names of hosts, and no more: the RFC's percent-encoding and sub-delimiters serve nobody here.
  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: Octet.isDigit(byte) || Octet.isLetter(byte)
    }
  }
}
