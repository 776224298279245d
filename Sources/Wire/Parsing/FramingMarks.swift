/// What the fields of one head say about where the message ends and whether the connection lives on.
///
/// Noted field by field, settled at the head's end: only there is it known which of them contradict each other.
struct FramingMarks: ~Copyable {
  private var hasHost = false
  private var length: Int64?
  private var hasCoding = false
  private var codingIsChunked = false
  private var saysClose = false
  private var saysKeepAlive = false

  mutating func note(_ field: FieldRange, _ bytes: Span<UInt8>, _ head: inout RequestHead) throws(HeadRefusal) {
    switch field.name.count {
    case 4 where Octet.matches(bytes, field.name, "host"):
      guard !hasHost else { throw .hostRepeated }
      guard HostField.isValid(bytes, field.value) else { throw .hostMalformed }
      hasHost = true
    case 6 where Octet.matches(bytes, field.name, "expect"):
      guard Octet.matches(bytes, field.value, "100-continue") else { throw .expectationUnknown }
      head.expectsContinue = true
    case 10 where Octet.matches(bytes, field.name, "connection"):
      noteConnection(field.value, bytes)
    case 14 where Octet.matches(bytes, field.name, "content-length"):
      guard length == nil else { throw .lengthRepeated }
      length = try Self.readLength(field.value, bytes)
    case 17 where Octet.matches(bytes, field.name, "transfer-encoding"):
      guard !hasCoding else { throw .codingRepeated }
      hasCoding = true
      codingIsChunked = Octet.matches(bytes, field.value, "chunked")
    default: break
    }
  }

  /// RFC 9112 §6.3, without the leniencies.
  func settle(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(HeadRefusal) {
    guard hasHost || !head.isVersion11 else { throw .hostMissing }
    if hasCoding {
      guard head.isVersion11 else { throw .codingInVersion10 }
      guard length == nil else { throw .lengthAndCoding }
      guard codingIsChunked else { throw .codingUnsupported }
      head.framing = .chunked
    } else if let length {
      head.framing = length == 0 ? .none : .length(length)
    }
    head.keepsAlive = !saysClose && (head.isVersion11 || saysKeepAlive)
    head.expectsContinue = head.expectsContinue && head.isVersion11 && head.framing != .none
  }

  /// Decimal digits and nothing else, within Int64.
  private static func readLength(_ range: TextRange, _ bytes: Span<UInt8>) throws(HeadRefusal) -> Int64 {
    guard range.count > 0 else { throw .lengthMalformed }
    var length: Int64 = 0
    for index in range.start..<range.end {
      guard Octet.isDigit(bytes[index]) else { throw .lengthMalformed }
      let (tens, overflowed) = length.multipliedReportingOverflow(by: 10)
      let (sum, overflowedAgain) = tens.addingReportingOverflow(Int64(bytes[index] &- UInt8(ascii: "0")))
      guard !overflowed, !overflowedAgain else { throw .lengthMalformed }
      length = sum
    }
    return length
  }

  /// `Connection = #connection-option`: only two of them mean something here.
  private mutating func noteConnection(_ range: TextRange, _ bytes: Span<UInt8>) {
    var start = range.start
    while start < range.end {
      var end = start
      while end < range.end, bytes[end] != UInt8(ascii: ",") { end += 1 }
      let option = Self.trimmed(TextRange(start, end), bytes)
      if Octet.matches(bytes, option, "close") { saysClose = true }
      if Octet.matches(bytes, option, "keep-alive") { saysKeepAlive = true }
      start = end + 1
    }
  }

  private static func trimmed(_ range: TextRange, _ bytes: Span<UInt8>) -> TextRange {
    var (start, end) = (range.start, range.end)
    while start < end, Octet.isBlank(bytes[start]) { start += 1 }
    while end > start, Octet.isBlank(bytes[end - 1]) { end -= 1 }
    return TextRange(start, end)
  }
}
