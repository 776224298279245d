/// A request whose head is whole, and what its head says about the rest. A class, since it goes through many hands and
/// each copy of the value would count the references of all its strings.
final class Incoming: Sendable {
  let request: Request
  let framing: RequestHead.Framing
  let isVersion11: Bool
  let keepsAlive: Bool
  let expectsContinue: Bool
  let headBytes: Int

  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ origin: RequestOrigin) {
    let text = HeadText(
      bytes: bytes.extracting(..<head.byteCount).withUnsafeBufferPointer { Array($0) }, fields: head.fieldRanges)
    request = Request(
      method: Self.method(text, head.method), path: head.path.count == 0 ? "/" : text.text(head.path),
      query: head.query.map { text.text($0) }, fields: Self.fields(text, head.authority), origin: origin)
    framing = head.framing
    isVersion11 = head.isVersion11
    keepsAlive = head.keepsAlive
    expectsContinue = head.expectsContinue
    headBytes = head.byteCount
  }

  private static func method(_ text: HeadText, _ range: TextRange) -> Request.Method {
    Request.Method(token: text.text(range))
  }

  /// The authority of an absolute-form target stands in for the Host field (RFC 9112 §3.2.2).
  private static func fields(_ text: HeadText, _ authority: TextRange?) -> Fields {
    var fields = Fields(text)
    if let authority { fields.set("Host", text.text(authority)) }
    return fields
  }
}
