import BlockingWork
import Glibc
import OpenSSLKit

/// A member of a fleet that a test has in its hand: with that member's certificate it asks another one for a blob's swarm, so
/// that it is let in, dials that one's fleet port again, and takes part through a tunnel as well or as badly as it is told to.
final class TunnelPeer: Sendable {
  enum Manner: Hashable, Sendable {
    /// Says that it has all, and sends nothing of it.
    case stalls
    /// Says that it has all, and sends other bytes.
    case lies
    /// Takes whatever it is shown, and shows nothing.
    case takes
  }

  struct Swarm: Sendable {
    let digest: String
    let repository: String
    /// In hexadecimal.
    let infoHash: String
    let pieceBytes: Int
    let size: Int

    var pieceCount: Int { (size + pieceBytes - 1) / pieceBytes }
  }

  private struct State {
    var askedCount = 0
    var receivedBytes = 0
    var hasLeft = false
    var trouble: String?
  }

  private static let blockBytes = 16 << 10

  private let (questions, tunnels): (TLSClientContext, TLSClientContext)
  private let port: UInt16
  private let swarm: Swarm
  private let manner: Manner
  private let state = Awaited(State())

  /// Begins to dial, and dials again whenever it is cut, until it leaves.
  /// - Parameters:
  ///   - member: the data folder of the one that it is.
  ///   - authority: the fleet's certificate.
  init(as member: String, believing authority: String, port: UInt16, _ swarm: Swarm, _ manner: Manner) throws {
    // A tunnel may be cut while it writes.
    signal(SIGPIPE, SIG_IGN)
    func context(_ name: String) throws -> TLSClientContext {
      try TLSClientContext(
        .files(certificatePath: "\(member)/fleet/node.crt", keyPath: "\(member)/node.key"),
        trust: .roots(path: authority), protocols: [name])
    }
    (questions, tunnels) = (try context("http/1.1"), try context("shoal-swarm/1"))
    (self.port, self.swarm, self.manner) = (port, swarm, manner)
    pthread_detach(startThread(named: "tunnel-peer") { [self] in work() })
  }

  func leave() { state.change { $0.hasLeft = true } }

  /// Blocks that were asked of it.
  var askedCount: Int { state.change { $0.askedCount } }

  /// Of blocks that were sent to it.
  var receivedBytes: Int { state.change { $0.receivedBytes } }

  /// Why it could not take part the last time.
  var trouble: String? { state.change { $0.trouble } }

  private func work() {
    while !state.change({ $0.hasLeft }) {
      do {
        try ask()
        try takePart()
      } catch {
        state.change { $0.trouble = "\(error)" }
      }
      usleep(20_000)
    }
  }

  private func dial(_ context: TLSClientContext) throws -> TunnelWire {
    try TunnelWire(context, port: port) { [state] in state.change { $0.hasLeft } }
  }

  /// Throws while the blob is not there, nor on its way.
  private func ask() throws {
    var wire = try dial(questions)
    defer { wire.close() }
    let target = "/fleet/v1/swarm/\(swarm.digest)/\(swarm.repository)"
    try wire.sendPlain(Array("GET \(target) HTTP/1.1\r\nHost: fleet\r\nConnection: close\r\n\r\n".utf8))
    let status = String(decoding: try wire.receivePlain(12), as: UTF8.self)
    guard status == "HTTP/1.1 200" else { throw Trouble("it is answered \(status)") }
  }

  private func takePart() throws {
    var wire = try dial(tunnels)
    defer { wire.close() }
    let hash = stride(from: 0, to: 40, by: 2).map { place -> UInt8 in
      let start = swarm.infoHash.index(swarm.infoHash.startIndex, offsetBy: place)
      return UInt8(swarm.infoHash[start...].prefix(2), radix: 16) ?? 0
    }
    try wire.sendPlain(Array("shoal-swarm".utf8) + [1] + hash)
    let answer = try wire.receivePlain(1)
    guard answer == [0] else { throw Trouble("it is answered \(answer)") }
    let identity = Array("-TT0002-".utf8) + (0..<12).map { _ in UInt8.random(in: 97...122) }
    try wire.send(
      [19] + Array("BitTorrent protocol".utf8) + [UInt8](repeating: 0, count: 8) + hash + identity)
    _ = try wire.receive(68)
    switch manner {
    case .stalls, .lies: try seed(&wire)
    case .takes: try take(&wire)
    }
  }

  private func seed(_ wire: inout TunnelWire) throws {
    var shown = [UInt8](repeating: 0, count: (swarm.pieceCount + 7) / 8)
    for piece in 0..<swarm.pieceCount { shown[piece / 8] |= 0x80 >> UInt8(piece % 8) }
    try wire.say(5, shown)
    try wire.say(1, [])
    while true {
      let (id, body) = try wire.hear()
      guard id == 6 else { continue }
      state.change { $0.askedCount += 1 }
      guard manner == .lies else { continue }
      let count = TunnelWire.number(body[8..<12])
      try wire.say(7, Array(body[0..<8]) + [UInt8](repeating: 0x5a, count: count))
    }
  }

  private func take(_ wire: inout TunnelWire) throws {
    try wire.say(2, [])
    var (isUnchoked, wanted) = (false, [Int]())
    while true {
      let (id, body) = try wire.hear()
      switch id {
      case 0: isUnchoked = false
      case 1: isUnchoked = true
      case 4: wanted.append(TunnelWire.number(body[0..<4]))
      case 5:
        wanted += (0..<swarm.pieceCount).filter { body[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
      case 7: state.change { $0.receivedBytes += body.count - 8 }
      default: break
      }
      guard isUnchoked else { continue }
      for piece in wanted { try ask(for: piece, &wire) }
      wanted = []
    }
  }

  private func ask(for piece: Int, _ wire: inout TunnelWire) throws {
    let count = min(swarm.pieceBytes, swarm.size - piece * swarm.pieceBytes)
    for begin in stride(from: 0, to: count, by: Self.blockBytes) {
      let length = min(Self.blockBytes, count - begin)
      try wire.say(6, TunnelWire.word(piece) + TunnelWire.word(begin) + TunnelWire.word(length))
    }
  }
}

/// Messages of BitTorrent in the frames of a tunnel.
private struct TunnelWire {
  private let socket: Int32
  private let session: TLSSession
  private let hasLeft: () -> Bool
  /// Of the tunnel, and of the connection in it.
  private var plain: [UInt8] = []
  private var carried: [UInt8] = []

  init(_ context: TLSClientContext, port: UInt16, hasLeft: @escaping () -> Bool) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.hasLeft = hasLeft
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let descriptor = socket
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      Glibc.close(descriptor)
      throw Trouble(errno: "connect")
    }
    session = try context.makeSession(socket: descriptor)
    guard case .bytes = session.handshake() else {
      Glibc.close(descriptor)
      throw Trouble("no handshake: \(session.failure.map { "\($0)" } ?? "")")
    }
    // So that it hears that the test is over.
    var patience = timeval(tv_sec: 0, tv_usec: 200_000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  func close() { Glibc.close(socket) }

  // MARK: Messages

  func say(_ id: UInt8, _ body: [UInt8]) throws { try send(Self.word(body.count + 1) + [id] + body) }

  /// The next one that is no keep-alive.
  mutating func hear() throws -> (id: UInt8, body: [UInt8]) {
    while true {
      let count = Self.number(try receive(4)[...])
      guard count > 0 else { continue }
      let message = try receive(count)
      return (message[0], Array(message[1...]))
    }
  }

  // MARK: Bytes of the connection

  func send(_ bytes: [UInt8]) throws {
    for start in stride(from: 0, to: bytes.count, by: 65_532) {
      let part = bytes[start..<min(bytes.count, start + 65_532)]
      try sendPlain(Array(Self.word(part.count)[1...]) + part)
    }
  }

  mutating func receive(_ count: Int) throws -> [UInt8] {
    while carried.count < count {
      let length = Self.number(try receivePlain(3)[...])
      guard length > 0 else { throw Trouble("the connection has ended") }
      carried += try receivePlain(length)
    }
    defer { carried.removeFirst(count) }
    return Array(carried[..<count])
  }

  // MARK: Bytes of the tunnel

  func sendPlain(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      // A record at a time.
      guard case .bytes(let count) = bytes[sent...].withUnsafeBytes({ session.write($0) }) else {
        throw Trouble("the tunnel is cut")
      }
      sent += count
    }
  }

  mutating func receivePlain(_ count: Int) throws -> [UInt8] {
    while plain.count < count { plain += try receiveSome() }
    defer { plain.removeFirst(count) }
    return Array(plain[..<count])
  }

  private func receiveSome() throws -> [UInt8] {
    while !hasLeft() {
      var step = TLSSession.Step.failed
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        step = session.read(into: UnsafeMutableRawBufferPointer(buffer))
        if case .bytes(let got) = step { count = got }
      }
      switch step {
      case .bytes: return bytes
      case .mustWaitToRead: continue
      case .ended, .failed, .mustWaitToWrite: throw Trouble("the tunnel has ended")
      }
    }
    throw Trouble("it leaves")
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  static func word(_ number: Int) -> [UInt8] {
    [UInt8(number >> 24 & 255), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
  }
}
