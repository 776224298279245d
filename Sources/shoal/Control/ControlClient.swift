import FoundationEssentials
import Glibc

/// Asks a node over its Unix socket. HTTP/1.0, so that an answer ends where the connection does and needs no decoding.
/// Blocks; for commands, which do one thing and end.
struct ControlClient {
  struct Answer {
    let status: Int
    let body: [UInt8]
  }

  private let path: String

  init(socket path: String) { self.path = path }

  private static let waitMilliseconds: Int32 = 100

  /// - Parameters:
  ///   - whileWaiting: is called a few times a second while the node says nothing, on the caller's thread.
  ///   - eachLine: gets the body line by line while it comes; the answer's body is what is left after the last.
  func ask(
    _ method: String, _ target: String, body: [UInt8]? = nil, whileWaiting: (() -> Void)? = nil,
    eachLine: (([UInt8]) throws -> Void)? = nil
  ) throws -> Answer {
    let socket = try connected()
    defer { close(socket) }
    let length = body.map { "Content-Length: \($0.count)\r\n" } ?? ""
    try send(Array("\(method) \(target) HTTP/1.0\r\nHost: node\r\n\(length)\r\n".utf8) + (body ?? []), to: socket)
    var received = ReceivedAnswer(eachLine: eachLine)
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      if let whileWaiting { Self.wait(for: socket, whileWaiting) }
      let count = read(socket, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ControlFailure.broken(String(cString: strerror(errno))) }
      guard count > 0 else { return try received.end() }
      try received.take(buffer[..<count])
    }
  }

  /// Until there is something to read; what is wrong with the socket, the read tells.
  private static func wait(for socket: Int32, _ whileWaiting: () -> Void) {
    var awaited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while poll(&awaited, 1, waitMilliseconds) == 0 { whileWaiting() }
  }

  private func connected() throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ControlFailure.broken("the path of the socket is too long: \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw ControlFailure.broken(String(cString: strerror(errno))) }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else {
      let reason = errno
      close(socket)
      throw reason == ENOENT || reason == ECONNREFUSED
        ? ControlFailure.nobody : ControlFailure.broken(String(cString: strerror(reason)))
    }
    return socket
  }

  private func send(_ bytes: [UInt8], to socket: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      let code = errno
      if count < 0, code == EINTR { continue }
      // A node that has answered may close before it read all: then what it said counts.
      if count < 0, code == EPIPE || code == ECONNRESET { return }
      guard count > 0 else { throw ControlFailure.broken(String(cString: strerror(code))) }
      rest = rest.dropFirst(count)
    }
  }
}

enum ControlFailure: Error {
  /// No node listens there.
  case nobody
  case broken(String)

  var reason: String {
    switch self {
    case .nobody: "no node listens there"
    case .broken(let reason): reason
    }
  }
}

/// Head, then body, as the bytes come.
private struct ReceivedAnswer {
  let eachLine: (([UInt8]) throws -> Void)?
  private var status: Int?
  private var pending: [UInt8] = []

  init(eachLine: (([UInt8]) throws -> Void)?) { self.eachLine = eachLine }

  mutating func take(_ bytes: ArraySlice<UInt8>) throws {
    pending += bytes
    if status == nil { try takeHead() }
    guard let status, status < 300, let eachLine else { return }
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      try eachLine(Array(pending[..<end]))
      pending.removeSubrange(...end)
    }
  }

  private mutating func takeHead() throws {
    guard let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    let line = String(decoding: pending.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let parts = line.split(separator: " ")
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
      throw ControlFailure.broken("the node's answer is not HTTP")
    }
    self.status = status
    pending.removeSubrange(..<end.upperBound)
  }

  func end() throws -> ControlClient.Answer {
    guard let status else { throw ControlFailure.broken("the node closed the connection without an answer") }
    return ControlClient.Answer(status: status, body: pending)
  }
}
