/// The head of an answer on its way to bytes.
struct AnswerHead {
  enum Framing: Equatable {
    case none
    case length(Int64)
    case chunked
    /// The end of the connection is the end of the body: all that HTTP/1.0 has for a length that is not known.
    case untilClose
  }

  enum Persistence: Equatable {
    case close
    /// HTTP/1.0 closes unless told otherwise.
    case keepAliveSaid
    case keepAlive
  }

  let status: Int
  let fields: Fields
  let framing: Framing
  let connection: Persistence

  func write(to bytes: inout [UInt8], date: [UInt8]) {
    bytes.append(contentsOf: StatusLine.text(status).utf8)
    bytes.append(contentsOf: date)
    for (name, value) in fields where !Self.isOwn(name) { Self.append(name, value, to: &bytes) }
    switch framing {
    case .none, .untilClose: break
    case .length(let count): Self.appendLength(count, to: &bytes)
    case .chunked: bytes.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    }
    switch connection {
    case .close: bytes.append(contentsOf: "Connection: close\r\n".utf8)
    case .keepAliveSaid: bytes.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    case .keepAlive: break
    }
    bytes.append(Octet.carriageReturn)
    bytes.append(Octet.lineFeed)
  }

  /// Framing is Wire's alone: what a handler says about it is left out.
  private static func isOwn(_ name: String) -> Bool {
    switch name.utf8.count {
    case 4: name.lowercased() == "date"
    case 10: name.lowercased() == "connection"
    case 14: name.lowercased() == "content-length"
    case 17: name.lowercased() == "transfer-encoding"
    default: false
    }
  }

  /// A name that is no token is left out and a control character in a value becomes a space, so that no value can start
  /// a line of its own.
  private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    guard !name.isEmpty, name.utf8.allSatisfy({ Octet.isToken($0) }) else { return }
    bytes.append(contentsOf: name.utf8)
    bytes.append(Octet.colon)
    bytes.append(Octet.space)
    let start = bytes.count
    bytes.append(contentsOf: value.utf8)
    for index in start..<bytes.count where !Octet.isFieldText(bytes[index]) { bytes[index] = Octet.space }
    bytes.append(Octet.carriageReturn)
    bytes.append(Octet.lineFeed)
  }

  private static func appendLength(_ count: Int64, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "Content-Length: ".utf8)
    bytes.append(contentsOf: String(count).utf8)
    bytes.append(Octet.carriageReturn)
    bytes.append(Octet.lineFeed)
  }
}
