import BlockingWork
import CLinux
import CurlKit
import Glibc

/// A server that does exactly what its script says, to each connection on a thread of its own.
final class RawServer: Sendable {
  let origin: HTTPOrigin
  private let listener: Int32
  private let state = Lock(State())

  private struct State {
    var connections: [RawConnection] = []
    var threads: [pthread_t] = []
    var isClosed = false
  }

  init(_ script: @escaping @Sendable (RawConnection) throws -> Void) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && listen(descriptor, 1024) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    guard code else { throw TestFailure("cannot listen") }
    listener = descriptor
    origin = HTTPOrigin(.http, host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
    state.withLock {
      $0.threads.append(startThread(named: "raw-accept") { [weak self] in Self.accept(descriptor, self, script) })
    }
  }

  var connectionCount: Int { state.withLock { $0.connections.count } }

  /// Ends every connection, and waits for the scripts.
  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    let (connections, threads) = state.withLock { state in
      state.isClosed = true
      defer { state.threads = [] }
      return (state.connections, state.threads)
    }
    for connection in connections { connection.cut() }
    for thread in threads { pthread_join(thread, nil) }
    Glibc.close(listener)
  }

  private static func accept(
    _ listener: Int32, _ server: RawServer?, _ script: @escaping @Sendable (RawConnection) throws -> Void
  ) {
    // No child process that begins meanwhile may hold a connection open.
    while case let descriptor = shoal_accept_nonblocking(listener, nil, nil), descriptor >= 0 {
      _ = fcntl(descriptor, F_SETFL, 0)
      let connection = RawConnection(descriptor)
      guard let server else { return }
      let isOpen = server.state.withLock { state in
        guard !state.isClosed else { return false }
        state.connections.append(connection)
        state.threads.append(
          startThread(named: "raw-script") {
            // A peer that leaves ends its script.
            try? script(connection)
            connection.end()
          })
        return true
      }
      guard isOpen else { return }
    }
  }
}

/// One accepted connection. Its script's thread, but for `cut`.
final class RawConnection: Sendable {
  struct Gone: Error {}

  let socket: Int32
  private let isEnded = Lock(false)

  init(_ socket: Int32) { self.socket = socket }

  deinit { end() }

  /// One request: its head, and the start of a body that came along with it. Empty at the connection's end.
  @discardableResult
  func readHead() throws -> String {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      var byte: UInt8 = 0
      guard recv(socket, &byte, 1, 0) == 1 else { throw Gone() }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = recv(socket, &bytes, count, Int32(MSG_WAITALL))
    guard got == count else { throw Gone() }
    return bytes
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Gone() }
      sent += count
    }
  }

  /// Until the peer ends the connection.
  func waitForEnd() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while recv(socket, &bytes, bytes.count, 0) > 0 {}
  }

  /// Until the peer or the test has cut the connection, without reading of it.
  func waitForCut() {
    var wait = pollfd(fd: socket, events: 0, revents: 0)
    // Nothing that was asked for: only a hang-up or an error ends it.
    _ = poll(&wait, 1, 60_000)
  }

  /// With a reset instead of an end.
  func reset() {
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    end()
  }

  /// Any thread: wakes the script.
  func cut() {
    isEnded.withLock { isEnded in
      if !isEnded { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  func end() {
    isEnded.withLock { isEnded in
      if !isEnded { Glibc.close(socket) }
      isEnded = true
    }
  }
}

/// A raw server and a client, for as long as the body runs.
func scripted(
  _ script: @escaping @Sendable (RawConnection) throws -> Void,
  configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
  _ body: (HTTPClient, RawServer) async throws -> Void
) async throws {
  let server = try RawServer(script)
  let client = try HTTPClient(configuration)
  let outcome = await Result { () async throws in try await body(client, server) }
  await client.close()
  server.close()
  try outcome.get()
}
