/// Reads a request's head, strictly (RFC 9112). What two readers could read in two ways is refused, never repaired.
///
/// Pure: bytes in, offsets out. Refused are: an HTTP/0.9 request line; versions other than 1.0 and 1.1; a space before a
/// colon; folded lines; bare LF, bare CR, NUL and other controls; no Host (in 1.1) or two; a Content-Length that is
/// repeated, signed, a list, or beyond Int64; Content-Length beside Transfer-Encoding; any transfer coding but one
/// `chunked`; Transfer-Encoding in HTTP/1.0. One empty line before the request line is passed over (§2.2).
struct HeadParser: Sendable {
  let headBytes: Int
  let targetBytes: Int
  let fieldCount: Int

  init(_ limits: WireLimits = WireLimits()) {
    headBytes = min(limits.headBytes, Int(UInt16.max))
    targetBytes = limits.targetBytes
    fieldCount = min(limits.fieldCount, RequestHead.maximumFields)
  }

  /// `nil` when the head goes on after these bytes.
  func parse(_ bytes: Span<UInt8>) throws(HeadRefusal) -> RequestHead? {
    var head = RequestHead()
    var cursor = 0
    guard try skipEmptyLine(bytes, &cursor), try readRequestLine(bytes, &cursor, &head) else {
      if bytes.count >= headBytes { throw .targetTooLong }
      return nil
    }
    var marks = FramingMarks()
    while true {
      guard cursor <= headBytes else { throw .headTooLarge }
      if cursor < bytes.count, bytes[cursor] == Octet.lineFeed { throw .bareLineFeed }
      guard cursor + 1 < bytes.count else { break }
      if bytes[cursor] == Octet.carriageReturn {
        guard bytes[cursor + 1] == Octet.lineFeed else { throw .bareCarriageReturn }
        head.byteCount = cursor + 2
        guard head.byteCount <= headBytes else { throw .headTooLarge }
        try marks.settle(bytes, &head)
        return head
      }
      guard let field = try readField(bytes, &cursor) else { break }
      guard head.fieldCount < fieldCount else { throw .tooManyFields }
      head.append(field)
      try marks.note(field, bytes, &head)
    }
    if bytes.count >= headBytes { throw .headTooLarge }
    return nil
  }

  private func skipEmptyLine(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> Bool {
    guard bytes.count > 0 else { return false }
    if bytes[0] == Octet.lineFeed { throw .bareLineFeed }
    guard bytes[0] == Octet.carriageReturn else { return true }
    guard bytes.count > 1 else { return false }
    guard bytes[1] == Octet.lineFeed else { throw .bareCarriageReturn }
    cursor = 2
    return true
  }

  private func readRequestLine(_ bytes: Span<UInt8>, _ cursor: inout Int, _ head: inout RequestHead)
    throws(HeadRefusal) -> Bool
  {
    guard let method = try readMethod(bytes, &cursor), let target = try readTarget(bytes, &cursor),
      let isVersion11 = try readVersion(bytes, &cursor)
    else { return false }
    head.method = method
    head.isVersion11 = isVersion11
    try RequestTarget.read(bytes, target, &head)
    return true
  }

  private func readMethod(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> TextRange? {
    let start = cursor
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if byte == Octet.space {
        guard cursor > start else { throw .methodMalformed }
        cursor += 1
        return TextRange(start, cursor - 1)
      }
      guard Octet.isToken(byte) else { throw .methodMalformed }
      guard cursor - start < Self.methodBytes else { throw .methodMalformed }
      cursor += 1
    }
    return nil
  }

  /// The longest registered method has 17 letters (UPDATEREDIRECTREF).
  private static let methodBytes = 32

  private func readTarget(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> TextRange? {
    let start = cursor
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if byte == Octet.space {
        guard cursor > start else { throw .targetMalformed }
        cursor += 1
        return TextRange(start, cursor - 1)
      }
      if byte == Octet.carriageReturn || byte == Octet.lineFeed { throw .versionMissing }
      guard Octet.isTarget(byte) else { throw .targetMalformed }
      guard cursor - start < targetBytes else { throw .targetTooLong }
      cursor += 1
    }
    return nil
  }

  /// `HTTP/1.1` CRLF: whether it is 1.1 rather than 1.0.
  private func readVersion(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> Bool? {
    let pattern: StaticString = "http/#.#"
    let start = cursor
    while cursor < bytes.count, cursor - start < pattern.utf8CodeUnitCount {
      let expected = pattern.utf8Start[cursor - start]
      let byte = bytes[cursor]
      let fits = expected == UInt8(ascii: "#") ? Octet.isDigit(byte) : byte == Self.uppercase(expected)
      guard fits else { throw .versionMalformed }
      cursor += 1
    }
    guard cursor + 1 < bytes.count, cursor - start == pattern.utf8CodeUnitCount else { return nil }
    if bytes[cursor] == Octet.lineFeed { throw .bareLineFeed }
    guard bytes[cursor] == Octet.carriageReturn else { throw .versionMalformed }
    guard bytes[cursor + 1] == Octet.lineFeed else { throw .bareCarriageReturn }
    cursor += 2
    let (major, minor) = (bytes[start + 5], bytes[start + 7])
    guard major == UInt8(ascii: "1"), minor <= UInt8(ascii: "1") else { throw .versionUnsupported }
    return minor == UInt8(ascii: "1")
  }

  private static func uppercase(_ byte: UInt8) -> UInt8 { Octet.isLetter(byte) ? byte & ~0x20 : byte }

  private func readField(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> FieldRange? {
    guard let name = try readName(bytes, &cursor), let value = try readValue(bytes, &cursor) else { return nil }
    return FieldRange(name: name, value: value)
  }

  private func readName(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> TextRange? {
    let start = cursor
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if Octet.isToken(byte) {
        cursor += 1
        continue
      }
      guard byte == Octet.colon, cursor > start else { throw Self.nameRefusal(byte, isFirst: cursor == start) }
      cursor += 1
      return TextRange(start, cursor - 1)
    }
    return nil
  }

  private static func nameRefusal(_ byte: UInt8, isFirst: Bool) -> HeadRefusal {
    switch byte {
    case Octet.lineFeed: .bareLineFeed
    case Octet.space, Octet.tab: isFirst ? .foldedLine : .spaceBeforeColon
    default: .nameMalformed
    }
  }

  private func readValue(_ bytes: Span<UInt8>, _ cursor: inout Int) throws(HeadRefusal) -> TextRange? {
    while cursor < bytes.count, Octet.isBlank(bytes[cursor]) { cursor += 1 }
    let start = cursor
    while cursor < bytes.count, Octet.isFieldText(bytes[cursor]) { cursor += 1 }
    guard cursor < bytes.count else { return nil }
    switch bytes[cursor] {
    case Octet.carriageReturn: break
    case Octet.lineFeed: throw .bareLineFeed
    default: throw .valueMalformed
    }
    guard cursor + 1 < bytes.count else { return nil }
    guard bytes[cursor + 1] == Octet.lineFeed else { throw .bareCarriageReturn }
    var end = cursor
    while end > start, Octet.isBlank(bytes[end - 1]) { end -= 1 }
    cursor += 2
    return TextRange(start, end)
  }
}
