import CLinux
import Glibc

@testable import Wire

/// Two ends of one TCP connection on the loopback: the test's, which blocks, and the one that is spliced.
final class PlainPair: Sendable {
  struct Failure: Error {}

  let end: Int32
  let spliced: PlainSocket

  /// - Parameter bufferBytes: of the test's end, so that it fills soon.
  init(bufferBytes: Int32? = nil) throws {
    let listener = try PlainSocket.bound(to: "127.0.0.1")
    guard listen(listener.descriptor, 1) == 0 else { throw Failure() }
    spliced = try PlainSocket.bound(to: "127.0.0.1")
    try spliced.connect(to: listener.local)
    var ready = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 60_000) == 1 else { throw Failure() }
    // No child process that begins meanwhile may hold it open.
    end = shoal_accept_nonblocking(listener.descriptor, nil, nil)
    guard end >= 0, fcntl(end, F_SETFL, 0) == 0 else { throw Failure() }
    if let bufferBytes {
      for option in [SO_RCVBUF, SO_SNDBUF] { ListeningSocket.set(end, SOL_SOCKET, option, bufferBytes) }
    }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(end, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  deinit { close(end) }
}

/// What a test does at its end of a connection. Blocking, with a deadline.
enum PlainEnd {
  struct Cut: Error, Equatable { let code: Int32 }

  static func send(_ bytes: [UInt8], to end: Int32) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(end, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Cut(code: errno) }
      sent += count
    }
  }

  static func finish(_ end: Int32) { shutdown(end, Int32(SHUT_WR)) }

  /// Empty: it has ended in good order.
  static func receive(_ end: Int32, atMost limit: Int = 64 << 10) throws -> [UInt8] {
    var failure: Cut?
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let got = recv(end, buffer.baseAddress, limit, 0)
      if got < 0 { failure = Cut(code: errno) }
      count = max(0, got)
    }
    if let failure { throw failure }
    return bytes
  }

  static func receiveAll(_ end: Int32) throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try receive(end)
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// As they came, until there are so many bytes.
  static func receiveParts(_ end: Int32, until total: Int) throws -> [[UInt8]] {
    var (parts, received): ([[UInt8]], Int) = ([], 0)
    while received < total {
      let bytes = try receive(end)
      if bytes.isEmpty { return parts }
      parts.append(bytes)
      received += bytes.count
    }
    return parts
  }

  /// Whether it ends other than in good order. What still comes is thrown away.
  static func isCut(_ end: Int32) -> Bool {
    do {
      _ = try receiveAll(end)
      return false
    } catch {
      return true
    }
  }

  /// How many bytes could be sent.
  static func sendUntilCut(_ end: Int32) -> Int {
    let bytes = [UInt8](repeating: 1, count: 64 << 10)
    var total = 0
    while true {
      let count = Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return total }
      total += count
    }
  }

  /// What can be sent while nobody reads.
  static func fill(_ end: Int32, atMost limit: Int) -> Int {
    let bytes = [UInt8](repeating: 7, count: 64 << 10)
    var total = 0
    while total < limit {
      var ready = pollfd(fd: end, events: Int16(POLLOUT), revents: 0)
      guard poll(&ready, 1, 1000) == 1 else { return total }
      let count = Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      guard count > 0 else { continue }
      total += count
    }
    return total
  }
}

/// Two bytes of length, the high one first; none: the end.
struct PairFraming: StreamFraming {
  struct Malformed: Error {}

  var headByteCount: Int { 2 }
  var payloadByteLimit: Int { 50_000 }
  private var head: [UInt8] = []
  private var left = 0
  private var hasEnded = false

  static func frame(_ payload: [UInt8]) -> [UInt8] {
    [UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
  }

  func writeHead(of count: Int, into head: UnsafeMutableRawBufferPointer) {
    (head[0], head[1]) = (UInt8(count >> 8), UInt8(count & 255))
  }

  mutating func step(_ input: Span<UInt8>, _ cursor: inout Int) throws -> StreamFramingStep {
    while left == 0, !hasEnded {
      guard cursor < input.count else { return .needsMore }
      head.append(input[cursor])
      cursor += 1
      guard head.count == 2 else { continue }
      left = Int(head[0]) << 8 | Int(head[1])
      head = []
      guard left <= payloadByteLimit else { throw Malformed() }
      hasEnded = left == 0
    }
    guard !hasEnded else { return .ended }
    guard cursor < input.count else { return .needsMore }
    let end = min(input.count, cursor + left)
    defer { (left, cursor) = (left - (end - cursor), end) }
    return .payload(cursor..<end)
  }
}
