import Glibc
import Wire

/// The simplest client: one connection a call, blocking, reads until the server closes.
struct SocketClient {
  let port: UInt16

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  func answer(_ call: Call, _ target: String) throws -> Answer {
    let socket = try connected()
    defer { close(socket) }
    var head = "\(call.method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for (name, value) in call.fields { head += "\(name): \(value)\r\n" }
    if !call.body.isEmpty || ["POST", "PUT", "PATCH"].contains(call.method) {
      head += "Content-Length: \(call.body.count)\r\n"
    }
    try write(Array((head + "\r\n").utf8) + call.body, to: socket)
    return try parse(try readAll(socket))
  }

  private func connected() throws -> Int32 {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(description: "connect: \(String(cString: strerror(errno)))") }
    return socket
  }

  /// A server that has answered may close before it read all: then what it said counts.
  private func write(_ bytes: [UInt8], to socket: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  private func readAll(_ socket: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(socket, &buffer, buffer.count)
      guard count >= 0 else { throw Failure(description: "read: \(String(cString: strerror(errno)))") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  private func parse(_ bytes: [UInt8]) throws -> Answer {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw Failure(description: "no head came back")
    }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
    guard let status else { throw Failure(description: "no status in \(lines[0])") }
    let fields = lines.dropFirst().map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (String(parts[0]), String(parts[1].drop { $0 == " " }))
    }
    return Answer(status: status, fields: Fields(fields), body: Array(bytes[end.upperBound...]))
  }
}
