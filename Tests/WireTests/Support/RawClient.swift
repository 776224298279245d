import CLinux
import Glibc

@testable import Wire

/// A client that sends exactly what it is told and waits with a deadline. Blocking: for threads that may block.
final class RawClient {
  enum Failure: Error, Equatable {
    case connect(Int32)
    case late
    case ended
    case reset
  }

  let socket: Int32
  private var received: [UInt8] = []
  /// Only what never comes takes so long, on however busy a machine.
  private let patienceMilliseconds: Int32 = 60_000

  init(_ place: PeerAddress, receiveBufferBytes: Int32? = nil) throws {
    guard case .network(let address, let port) = place else { throw Failure.connect(EAFNOSUPPORT) }
    let isVersion6 = address.contains(":")
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    socket = Glibc.socket(isVersion6 ? AF_INET6 : AF_INET, type, 0)
    if let receiveBufferBytes { ListeningSocket.set(socket, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes) }
    ListeningSocket.set(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    var code: Int32
    if isVersion6 {
      var target = sockaddr_in6()
      target.sin6_family = sa_family_t(AF_INET6)
      target.sin6_port = port.bigEndian
      inet_pton(AF_INET6, address, &target.sin6_addr)
      code = Self.connect(socket, target)
    } else {
      var target = sockaddr_in()
      target.sin_family = sa_family_t(AF_INET)
      target.sin_port = port.bigEndian
      inet_pton(AF_INET, address, &target.sin_addr)
      code = Self.connect(socket, target)
    }
    guard code == 0 else { throw Failure.connect(errno) }
  }

  init(unixPath: String) throws {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let code = SocketAddress(unixPath: unixPath)!.withPointer { Glibc.connect(socket, $0, $1) }
    guard code == 0 else { throw Failure.connect(errno) }
  }

  deinit { close(socket) }

  private static func connect<Address>(_ socket: Int32, _ address: Address) -> Int32 {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Failure.reset }
      sent += count
    }
  }

  func endSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// Leaves with a reset rather than in good order.
  func vanish() {
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
  }

  /// What comes next, at least one byte. Throws `ended` at the end in good order and `reset` at any other.
  func receiveSome() throws -> [UInt8] {
    if !received.isEmpty {
      defer { received = [] }
      return received
    }
    var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&wait, 1, patienceMilliseconds) > 0 else { throw Failure.late }
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
      let got = recv(socket, buffer.baseAddress, buffer.count, 0)
      if got <= 0 { failure = got == 0 ? .ended : .reset }
      count = max(0, got)
    }
    if let failure { throw failure }
    return bytes
  }

  /// The next answer, whole. 100 Continue is an answer too.
  func readAnswer(toHead: Bool = false) throws -> RawAnswer {
    var reader = AnswerReader(buffer: received)
    received = []
    let answer = try reader.read(toHead: toHead) { try self.receiveSome() }
    received = reader.buffer
    return answer
  }

  /// True when the server ends the connection in good order and sends nothing more.
  func isEndedByServer() throws -> Bool {
    do {
      _ = try receiveSome()
      return false
    } catch Failure.ended {
      return true
    }
  }
}

/// An answer as it came.
struct RawAnswer {
  let status: Int
  let fields: Fields
  let body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
}

/// Reads answers out of bytes from anywhere.
struct AnswerReader {
  struct Malformed: Error {}

  var buffer: [UInt8]

  mutating func read(toHead: Bool = false, _ more: () throws -> [UInt8]) throws -> RawAnswer {
    let head = try readHead(more)
    let lines = head.split(separator: "\r\n").map(String.init)
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
      throw Malformed()
    }
    var fields = Fields()
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      fields.append(parts[0], String(parts[1].drop { $0 == " " }))
    }
    let hasBody = !toHead && status >= 200 && status != 204 && status != 304
    return RawAnswer(status: status, fields: fields, body: hasBody ? try readBody(fields, more) : [])
  }

  private mutating func readHead(_ more: () throws -> [UInt8]) throws -> String {
    while true {
      if let end = buffer.indices.dropLast(3).first(where: { buffer[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) }) {
        defer { buffer.removeFirst(end + 4) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      buffer += try more()
    }
  }

  private mutating func readBody(_ fields: Fields, _ more: () throws -> [UInt8]) throws -> [UInt8] {
    if let length = fields["Content-Length"].flatMap({ Int($0) }) {
      while buffer.count < length { buffer += try more() }
      defer { buffer.removeFirst(length) }
      return Array(buffer[..<length])
    }
    guard fields["Transfer-Encoding"] == "chunked" else { return try readToEnd(more) }
    var decoder = ChunkedDecoder()
    var body: [UInt8] = []
    while !decoder.isAtEnd {
      var cursor = 0
      while case .data(let count) = try decoder.step(buffer.span, &cursor) { body += buffer[(cursor - count)..<cursor] }
      buffer.removeFirst(cursor)
      if !decoder.isAtEnd { buffer += try more() }
    }
    return body
  }

  private mutating func readToEnd(_ more: () throws -> [UInt8]) throws -> [UInt8] {
    var body = buffer
    buffer = []
    do {
      while true { body += try more() }
    } catch RawClient.Failure.ended {
      return body
    }
  }
}
