import BlockingWork
import CLinux
import Glibc
import RegistryCore

/// One end of a TCP connection, which blocks, with a deadline.
final class Connected: Sendable {
  let descriptor: Int32
  /// The end that dialled.
  let near: PeerEndpoint

  init(_ descriptor: Int32, near: PeerEndpoint) {
    (self.descriptor, self.near) = (descriptor, near)
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  /// - Parameter willDial: called with the near end before the far one hears of it.
  convenience init(
    to remote: PeerEndpoint, from source: String, _ willDial: (PeerEndpoint) -> Void = { _ in }
  ) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0, bindSocket(descriptor, source, 0) == 0, let near = endpointOf(descriptor) else {
      throw Connected.closing(descriptor)
    }
    willDial(near)
    guard connectSocket(descriptor, remote) == 0 else { throw Connected.closing(descriptor) }
    self.init(descriptor, near: near)
  }

  private static func closing(_ descriptor: Int32) -> FakeEngine.Failure {
    let code = errno
    Glibc.close(descriptor)
    return FakeEngine.Failure(code: code)
  }

  deinit { Glibc.close(descriptor) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw FakeEngine.Failure(code: errno) }
      sent += count
    }
  }

  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Empty: it has ended in good order.
  func receive(_ limit: Int = 64 << 10) throws -> [UInt8] {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let got = recv(descriptor, buffer.baseAddress, limit, 0)
      if got < 0 { code = errno }
      count = max(0, got)
    }
    guard code == 0 else { throw FakeEngine.Failure(code: code) }
    return bytes
  }

  func receive(exactly count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try receive(count - bytes.count)
      guard !more.isEmpty else { return bytes }
      bytes += more
    }
    return bytes
  }

  /// Everything that came until it ended, in whichever way; and whether in good order.
  func drain() -> (bytes: [UInt8], isCut: Bool) {
    var bytes: [UInt8] = []
    do {
      while true {
        let more = try receive()
        if more.isEmpty { return (bytes, false) }
        bytes += more
      }
    } catch {
      return (bytes, true)
    }
  }

  /// Whether it is cut and nothing came. It may be cut before these bytes are said.
  func isCutUnheard(saying bytes: [UInt8]) -> Bool {
    do {
      try send(bytes)
    } catch {
      return true
    }
    return drain() == ([], true)
  }
}

/// Waits for what another thread brings about. False after a minute.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = MonotonicClock.now + 60_000_000_000
  while MonotonicClock.now < deadline {
    if try condition() { return true }
    // A poll of nothing: gives the core away for a millisecond.
    poll(nil, 0, 1)
  }
  return try condition()
}

// MARK: Addresses of IPv4

private func withAddress(
  _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  var place = sockaddr_in()
  place.sin_family = sa_family_t(AF_INET)
  place.sin_port = port.bigEndian
  inet_pton(AF_INET, address, &place.sin_addr)
  return withUnsafePointer(to: place) { place in
    place.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

func bindSocket(_ descriptor: Int32, _ address: String, _ port: UInt16) -> Int32 {
  withAddress(address, port) { bind(descriptor, $0, $1) }
}

func connectSocket(_ descriptor: Int32, _ remote: PeerEndpoint) -> Int32 {
  withAddress(remote.address, remote.port) { connect(descriptor, $0, $1) }
}

func endpointOf(_ descriptor: Int32) -> PeerEndpoint? {
  endpoint { getsockname(descriptor, $0, $1) >= 0 }
}

func acceptFrom(_ listener: Int32) -> (Int32, PeerEndpoint?) {
  var descriptor: Int32 = -1
  let from = endpoint {
    // No child process that begins meanwhile may hold it open.
    descriptor = shoal_accept_nonblocking(listener, $0, $1)
    return descriptor >= 0
  }
  if descriptor >= 0 { _ = fcntl(descriptor, F_SETFL, 0) }
  return (descriptor, from)
}

private func endpoint(
  _ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Bool
) -> PeerEndpoint? {
  var place = sockaddr_in()
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isFilled = withUnsafeMutablePointer(to: &place) { place in
    place.withMemoryRebound(to: sockaddr.self, capacity: 1) { fill($0, &length) }
  }
  guard isFilled else { return nil }
  let text = String(unsafeUninitializedCapacity: Int(INET_ADDRSTRLEN)) { buffer in
    buffer.withMemoryRebound(to: CChar.self) { text in
      inet_ntop(AF_INET, &place.sin_addr, text.baseAddress, socklen_t(text.count)) == nil
        ? 0 : strlen(text.baseAddress!)
    }
  }
  return PeerEndpoint(address: text, port: UInt16(bigEndian: place.sin_port))
}
