import Testing

@testable import Wire

struct AnswerHeadTests {
  private func text(_ fields: Fields, _ framing: AnswerHead.Framing, _ connection: AnswerHead.Persistence) -> String {
    var bytes: [UInt8] = []
    AnswerHead(status: 200, fields: fields, framing: framing, connection: connection)
      .write(to: &bytes, date: Array("Date: D\r\n".utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func framingIsWiresOwnAndNotTheHandlers() {
    let fields = Fields([
      ("content-length", "99"), ("Transfer-Encoding", "gzip"), ("CONNECTION", "upgrade"), ("date", "never"), ("A", "b"),
    ])
    #expect(
      text(fields, .length(3), .close)
        == "HTTP/1.1 200 OK\r\nDate: D\r\nA: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
    #expect(
      text(fields, .chunked, .keepAlive) == "HTTP/1.1 200 OK\r\nDate: D\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(
      text(fields, .none, .keepAliveSaid) == "HTTP/1.1 200 OK\r\nDate: D\r\nA: b\r\nConnection: keep-alive\r\n\r\n")
  }

  @Test func noValueCanStartALineOfItsOwn() {
    let fields = Fields([("Location", "/a\r\nSet-Cookie: b\0c"), ("Bad Name", "x"), ("", "y"), ("C:\r\nD", "z")])
    #expect(
      text(fields, .length(0), .keepAlive)
        == "HTTP/1.1 200 OK\r\nDate: D\r\nLocation: /a  Set-Cookie: b c\r\nContent-Length: 0\r\n\r\n")
  }

  @Test func dateIsWrittenAsTheSpecificationWantsIt() {
    #expect(DateLine.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37")
    #expect(DateLine.format(0) == "Thu, 01 Jan 1970 00:00:00")
  }
}
