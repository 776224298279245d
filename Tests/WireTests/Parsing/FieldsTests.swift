import Testing

@testable import Wire

struct FieldsTests {
  private func received() throws -> Fields {
    let text = Array("GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\nACCEPT: y\r\n\r\n".utf8)
    return try request(text).fields
  }

  private func request(_ text: [UInt8]) throws -> Request {
    guard let head = try HeadParser().parse(text.span) else { throw Incomplete() }
    return Incoming(head, text.span, RequestOrigin(peer: .local, local: .local, isSecure: false)).request
  }

  private struct Incomplete: Error {}

  @Test func namesCompareWithoutCaseInReceivedAndWrittenFields() throws {
    for fields in [try received(), Fields([("Host", "a"), ("Accept", "x"), ("ACCEPT", "y")])] {
      #expect(fields["hOST"] == "a")
      #expect(fields["accept"] == "x")
      #expect(fields.all("Accept") == ["x", "y"])
      #expect(fields["Accep"] == nil)
      #expect(fields.count == 3)
      #expect(fields.map(\.name) == ["Host", "Accept", "ACCEPT"])
    }
  }

  @Test func receivedFieldsCanBeChanged() throws {
    var fields = try received()
    fields.set("accept", "z")
    fields.append("X", "1")
    #expect(fields.map(\.name) == ["Host", "accept", "X"])
    #expect(fields.all("Accept") == ["z"])
    #expect(try received().count == 3)
  }

  @Test func authorityOfAnAbsoluteTargetStandsInForHost() throws {
    let text = Array("GET http://b:80/x HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n".utf8)
    let request = try request(text)
    #expect(request.fields.all("Host") == ["b:80"])
    #expect(request.fields["X"] == "1")
    #expect(request.path == "/x")
  }
}
