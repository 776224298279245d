import BlockingWork
import Glibc
import RegistryCore

/// Sockets block, so they have threads of their own.
private let threads = BlockingPool(name: "raw-peers", threads: 8)

/// A connected socket that speaks whatever a test wants. Closed with the last reference.
final class RawPeer: Sendable {
  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  /// Connects to a peer, from an address of this host.
  convenience init(from address: String, to peer: PeerEndpoint) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.init(descriptor: descriptor)
    guard try withAddress(address, 0, { bind(descriptor, $0, $1) }) == 0 else { throw TestFailure("bind: \(errno)") }
    guard try withAddress(peer.address, peer.port, { connect(descriptor, $0, $1) }) == 0 else {
      throw TestFailure("connect: \(errno)")
    }
  }

  /// Its own end, as text and number.
  var near: PeerEndpoint { get throws { try end(getsockname) } }

  /// The other end.
  var far: PeerEndpoint { get throws { try end(getpeername) } }

  private func end(
    _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
  ) throws -> PeerEndpoint {
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let asked = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
    }
    var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
    guard asked == 0, inet_ntop(AF_INET, &name.sin_addr, &text, socklen_t(text.count)) != nil else {
      throw TestFailure("the end of a socket: \(errno)")
    }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return PeerEndpoint(address: address, port: UInt16(bigEndian: name.sin_port))
  }

  /// Wakes whoever reads; what is read from now on is the end.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { throw TestFailure("send: \(errno)") }
      rest = rest.dropFirst(sent)
    }
  }

  /// Exactly this many bytes; fewer at the end of the connection.
  func read(_ count: Int, within seconds: Int = 60) async throws -> [UInt8] {
    try await threads.run { [self] () throws -> [UInt8] in
      var bytes: [UInt8] = []
      while bytes.count < count {
        try waitReadable(descriptor, seconds)
        let part = [UInt8](unsafeUninitializedCapacity: count - bytes.count) { buffer, filled in
          filled = max(recv(descriptor, buffer.baseAddress, count - bytes.count, 0), 0)
        }
        guard !part.isEmpty else { break }
        bytes += part
      }
      return bytes
    }
  }

  /// Reads on until the other side has closed.
  func readToEnd(within seconds: Int) async throws {
    while try await !read(1, within: seconds).isEmpty {}
  }

  /// A line of text, without its end.
  func readLine() async throws -> String {
    var line: [UInt8] = []
    while true {
      guard let byte = try await read(1).first, byte != UInt8(ascii: "\r") else { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }
}

/// A socket that others connect to. Closed with the last reference.
final class RawListener: Sendable {
  let endpoint: PeerEndpoint
  private let descriptor: Int32

  init(on address: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let descriptor = self.descriptor
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = try withAddress(address, 0) { bind(descriptor, $0, $1) == 0 && listen(descriptor, 16) == 0 }
    let named = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
    }
    endpoint = PeerEndpoint(address: address, port: UInt16(bigEndian: name.sin_port))
    guard bound, named else { throw TestFailure("listen: \(errno)") }
  }

  deinit { Glibc.close(descriptor) }

  /// Wakes whoever waits; nobody is accepted from now on.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func accept(within seconds: Int) async throws -> RawPeer {
    try await threads.run { [self] () throws -> RawPeer in
      try waitReadable(descriptor, seconds)
      let accepted = Glibc.accept(descriptor, nil, nil)
      guard accepted >= 0 else { throw TestFailure("accept: \(errno)") }
      return RawPeer(descriptor: accepted)
    }
  }
}

private func waitReadable(_ descriptor: Int32, _ seconds: Int) throws {
  var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  guard poll(&waiting, 1, Int32(seconds * 1000)) > 0 else { throw TestFailure("nothing came in \(seconds) s") }
}

private func withAddress<Success>(
  _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Success
) throws -> Success {
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_port = port.bigEndian
  guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw TestFailure("no address: \(address)") }
  return withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
