/// Looks for the places at which parsing a head that arrives in pieces is worth a try: the end of its first line and its
/// empty line. Each byte is looked at once, so a head sent byte by byte costs no more than one sent whole.
struct HeadScanner: Sendable {
  private var position = 0
  private var lineStart = 0
  private var hasFirstLine = false

  init() {}

  /// Whether the bytes since the last call make a new try worthwhile.
  mutating func isWorthParsing(_ bytes: Span<UInt8>) -> Bool {
    var isWorth = false
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      guard byte == Octet.lineFeed else { continue }
      let lineLength = position - lineStart
      let endsStrictly = lineLength >= 2 && bytes[position - 2] == Octet.carriageReturn
      // A bare LF is worth a try, since it will be refused at once.
      if !endsStrictly || lineLength == 2 || !hasFirstLine { isWorth = true }
      if lineLength > 2 { hasFirstLine = true }
      lineStart = position
    }
    return isWorth
  }
}
