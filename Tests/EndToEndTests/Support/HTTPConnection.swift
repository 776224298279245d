import Glibc

/// One connection to a node, blocking, as raw as a test needs it. Used by one thread at a time.
final class HTTPConnection {
  private(set) var socket: Int32
  private var received: [UInt8] = []
  /// The server ended it by a reset, not by a close that a client without `Content-Length` would take for the end.
  private(set) var wasReset = false

  /// - Parameter patience: how long one read or write may stand still.
  init(host: String = "127.0.0.1", port: UInt16, patience: Duration = .seconds(180)) throws {
    socket = try Self.connected(host, port)
    var limit = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    var yes: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close() }

  func close() {
    guard socket >= 0 else { return }
    // A child that another test starts just then has the socket too, until it executes its program.
    _ = shutdown(socket, Int32(SHUT_RDWR))
    Glibc.close(socket)
    socket = -1
  }

  /// Vanishes without a word: the peer gets a reset.
  func abandon() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    Glibc.close(socket)
    socket = -1
  }

  // MARK: - Requests

  /// Sends a request and reads its answer; the connection lives on.
  /// - Parameter length: `nil` leaves out `Content-Length`.
  func ask(
    _ method: String, _ target: String, _ fields: [(String, String)] = [], body: [UInt8] = [],
    length: Int?? = .none
  ) throws -> HTTPAnswer {
    try sendHead(method, target, fields, length: length ?? body.count)
    try send(body)
    return try answer(toHead: method == "HEAD")
  }

  func sendHead(_ method: String, _ target: String, _ fields: [(String, String)] = [], length: Int? = nil) throws {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: node\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if let length, length > 0 || ["POST", "PUT", "PATCH"].contains(method) { head += "Content-Length: \(length)\r\n" }
    try send(Array((head + "\r\n").utf8))
  }

  /// A server that has answered may close before it has read all; what it said counts then.
  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if code == EPIPE || code == ECONNRESET { return }
        throw Trouble("send: \(String(cString: strerror(code)))")
      }
      sent += count
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  // MARK: - Answers

  func answer(toHead: Bool = false) throws -> HTTPAnswer {
    var answer = try head()
    while answer.status == 100 { answer = try head() }
    if toHead || answer.status == 204 || answer.status == 304 { return answer }
    guard let length = answer["Content-Length"].flatMap({ Int($0) }) else {
      answer.body = try everything()
      return answer
    }
    answer.body = try bytes(length)
    return answer
  }

  /// The next head, an interim one too.
  func head() throws -> HTTPAnswer {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let range = received.firstRange(of: end) {
        let head = String(decoding: received[..<range.lowerBound], as: UTF8.self)
        received.removeSubrange(..<range.upperBound)
        return try HTTPAnswer(head: head)
      }
      guard try receive() else { throw Trouble("the server closed after \(received.count) bytes of a head") }
    }
  }

  func bytes(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try receive() else { throw Trouble("the server closed after \(received.count) of \(count) bytes") }
    }
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  /// All until the server closes. A reset is such an end.
  func everything() throws -> [UInt8] {
    while try receive() {}
    defer { received = [] }
    return received
  }

  /// Whether the server has closed; waits for it.
  func isClosedByServer() throws -> Bool { try !receive() }

  /// Waits for the server to cut the connection, and reads nothing meanwhile.
  func isCut(within patience: Duration) -> Bool {
    var watched = pollfd(fd: socket, events: 0, revents: 0)
    return poll(&watched, 1, Int32(patience.components.seconds * 1000)) > 0
  }

  /// False at the end of the connection.
  private func receive() throws -> Bool {
    let size = 256 << 10
    var code: Int32 = 0
    let piece = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      var count = -1
      repeat {
        count = recv(socket, buffer.baseAddress, size, 0)
        code = count < 0 ? errno : 0
      } while code == EINTR
      initialized = max(0, count)
    }
    guard code == 0 || code == ECONNRESET || code == EPIPE else {
      throw Trouble("recv: \(String(cString: strerror(code)))")
    }
    if code != 0 { wasReset = true }
    received += piece
    return !piece.isEmpty
  }

  private static func connected(_ host: String, _ port: UInt16) throws -> Int32 {
    var wanted = addrinfo()
    wanted.ai_flags = Int32(AI_NUMERICHOST)
    wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &wanted, &found) == 0, let found else { throw Trouble("no address: \(host)") }
    defer { freeaddrinfo(found) }
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(found.pointee.ai_family, type, 0)
    guard socket >= 0 else { throw Trouble(errno: "socket") }
    guard connect(socket, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      let trouble = Trouble(errno: "connect to \(host):\(port)")
      Glibc.close(socket)
      throw trouble
    }
    return socket
  }
}
