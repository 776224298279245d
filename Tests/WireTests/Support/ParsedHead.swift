@testable import Wire

/// A head as a parser read it: ours and the oracle's, to be compared.
struct ParsedHead: Equatable {
  struct Field: Equatable {
    let name: String
    let value: String
  }

  var method = ""
  var path = ""
  var query: String?
  var authority: String?
  var fields: [Field] = []
  var framing = RequestHead.Framing.none
  var isVersion11 = false
  var keepsAlive = false
  var expectsContinue = false
  var byteCount = 0

  /// What our parser makes of the bytes; `nil` when the head goes on.
  static func read(_ bytes: [UInt8], limits: WireLimits = WireLimits()) throws(HeadRefusal) -> ParsedHead? {
    guard let head = try HeadParser(limits).parse(bytes.span) else { return nil }
    var parsed = ParsedHead()
    func text(_ range: TextRange) -> String { String(decoding: bytes[range.start..<range.end], as: UTF8.self) }
    parsed.method = text(head.method)
    parsed.path = text(head.path)
    if let query = head.query { parsed.query = text(query) }
    if let authority = head.authority { parsed.authority = text(authority) }
    parsed.fields = head.fieldRanges.map { Field(name: text($0.name), value: text($0.value)) }
    parsed.framing = head.framing
    parsed.isVersion11 = head.isVersion11
    parsed.keepsAlive = head.keepsAlive
    parsed.expectsContinue = head.expectsContinue
    parsed.byteCount = head.byteCount
    return parsed
  }

  static func read(_ text: String, limits: WireLimits = WireLimits()) throws(HeadRefusal) -> ParsedHead? {
    try read(Array(text.utf8), limits: limits)
  }
}
