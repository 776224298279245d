import Glibc
import OpenSSLKit

/// Two sessions that speak to each other over sockets, with a hand on the wire between them. One thread turns everything,
/// so nothing is left to chance.
final class TLSPair {
  struct Failure: Error {}

  enum End: Equatable {
    case open
    case done
    case failed
  }

  let client: TLSSession
  let server: TLSSession
  private(set) var clientEnd = End.open
  private(set) var serverEnd = End.open
  /// Everything that the client sent.
  private(set) var sent: [UInt8] = []
  /// What of it goes on to the server.
  private let alter: ([UInt8]) -> [UInt8]
  private let clientWire: (own: Int32, far: Int32)
  private let serverWire: (own: Int32, far: Int32)

  /// - Parameter alter: given everything that the client has sent so far, what the server shall have got of it.
  init(
    _ client: TLSClientContext, _ server: TLSContext, expecting identity: [UInt8]? = nil,
    alter: @escaping ([UInt8]) -> [UInt8] = { $0 }
  ) throws {
    clientWire = try Self.wire()
    serverWire = try Self.wire()
    self.alter = alter
    self.client = try client.makeSession(socket: clientWire.own, expecting: identity)
    self.server = try server.makeSession(socket: serverWire.own)
    turn()
  }

  deinit { for socket in [clientWire.own, clientWire.far, serverWire.own, serverWire.far] { close(socket) } }

  private static func wire() throws -> (Int32, Int32) {
    var sockets: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &sockets) == 0 else { throw Failure() }
    return (sockets[0], sockets[1])
  }

  /// Lets both sides go on until neither can.
  func turn() {
    var before = -1
    var moved = 0
    while moved != before {
      before = moved
      if clientEnd == .open { clientEnd = Self.end(client.handshake()) }
      moved += carryToServer()
      if serverEnd == .open { serverEnd = Self.end(server.handshake()) }
      let answer = Self.take(serverWire.far)
      moved += answer.count
      Self.put(clientWire.far, answer)
    }
  }

  private func carryToServer() -> Int {
    let passed = alter(sent).count
    let more = Self.take(clientWire.far)
    sent += more
    let altered = alter(sent)
    Self.put(serverWire.far, Array(altered[min(passed, altered.count)...]))
    return more.count
  }

  /// The client leaves.
  func hangUp() {
    shutdown(serverWire.far, Int32(SHUT_WR))
    turn()
  }

  /// What a side reads now; `nil` when it cannot.
  func read(_ side: TLSSession) -> [UInt8]? {
    var step = TLSSession.Step.failed
    let bytes = [UInt8](unsafeUninitializedCapacity: 4 << 10) { buffer, count in
      step = side.read(into: UnsafeMutableRawBufferPointer(buffer))
      if case .bytes(let got) = step { count = got }
    }
    if case .bytes = step { return bytes }
    return nil
  }

  func write(_ text: String, _ side: TLSSession) -> Bool {
    let bytes = Array(text.utf8)
    if case .bytes(bytes.count) = bytes.withUnsafeBytes({ side.write($0) }) { return true }
    return false
  }

  private static func end(_ step: TLSSession.Step) -> End {
    switch step {
    case .bytes: .done
    case .mustWaitToRead, .mustWaitToWrite: .open
    case .ended, .failed: .failed
    }
  }

  private static func take(_ socket: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      count = max(0, recv(socket, buffer.baseAddress, buffer.count, 0))
    }
  }

  private static func put(_ socket: Int32, _ bytes: [UInt8]) {
    let count = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    precondition(bytes.isEmpty || count == bytes.count, "a handshake fits into a socket")
  }
}
