import BlockingWork
import Glibc
import OpenSSLKit

/// A torrent of version 1 (BEP 3) made by the test itself, of any bytes under any name.
struct ClassicTorrent: Sendable {
  static let pieceBytes = 64 << 10

  let bytes: [UInt8]
  let file: [UInt8]
  let infoHash: [UInt8]

  var pieceCount: Int { (bytes.count + Self.pieceBytes - 1) / Self.pieceBytes }

  init(_ bytes: [UInt8], name: String = "layer") {
    self.bytes = bytes
    var pieces: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
      pieces += StreamingHash.hash(Array(bytes[start..<min(bytes.count, start + Self.pieceBytes)]), .sha1)
    }
    let head = "d6:lengthi\(bytes.count)e4:name\(name.utf8.count):\(name)12:piece lengthi\(Self.pieceBytes)e"
    let info = Array((head + "6:pieces\(pieces.count):").utf8) + pieces + Array("e".utf8)
    infoHash = StreamingHash.hash(info, .sha1)
    file = Array("d4:info".utf8) + info + Array("e".utf8)
  }
}

/// A BitTorrent client that a test has in its hand: it dials a node, shows as many pieces as it is told to, in order,
/// and sends what the node asks of them. So a fetch stands exactly where a test wants it. Like any client it dials again
/// when it is cut: a torrent that was just added cuts who came before it had looked at its file.
final class TorrentPeer: Sendable {
  private struct State {
    var shown = 0
    var sentBytes = 0
    var askedCount = 0
    var hasLeft = false
  }

  private let torrent: ClassicTorrent
  private let port: UInt16
  private let answers: Bool
  /// Two that call themselves the same are one to the node.
  private let identity: [UInt8]
  /// Whole messages are sent under the lock: two threads send.
  private let socket: Lock<Int32>
  private let state = Awaited(State())

  /// Dials until the node knows the torrent.
  /// - Parameter answers: without, it unchokes, is asked, and never sends a byte of what it shows.
  init(
    _ torrent: ClassicTorrent, port: UInt16, answers: Bool = true, within patience: Duration = .seconds(60)
  ) throws {
    (self.torrent, self.port, self.answers) = (torrent, port, answers)
    let identity = Array("-TT0001-".utf8) + (0..<12).map { _ in UInt8.random(in: 97...122) }
    self.identity = identity
    var connected: Int32?
    _ = try eventually(within: patience) {
      connected = try Self.shakeHands(torrent, port, as: identity)
      return connected != nil
    }
    guard let connected else { throw Trouble("the node on port \(port) does not know the torrent") }
    socket = Lock(connected)
    pthread_detach(startThread(named: "torrent-peer") { [self] in work(connected) })
  }

  /// Ends the connection; the thread that reads there closes it.
  func leave() {
    state.change { $0.hasLeft = true }
    socket.withLock { socket in _ = shutdown(socket, Int32(SHUT_RDWR)) }
  }

  /// Shows so many pieces more, or all.
  func show(_ count: Int = .max) {
    let pieces = state.change { state in
      let end = min(torrent.pieceCount, count == .max ? .max : state.shown + count)
      defer { state.shown = end }
      return state.shown..<end
    }
    for piece in pieces { send([4], Self.word(piece)) }
  }

  /// What it has sent of the blob, all told.
  var sentBytes: Int { state.change { $0.sentBytes } }

  /// How many blocks it was asked for.
  var askedCount: Int { state.change { $0.askedCount } }

  /// Until it leaves, or the node is gone or has no use for it any more.
  private func work(_ first: Int32) {
    var connected = first
    for _ in 0..<20 {
      serve(connected)
      guard !state.change({ $0.hasLeft }) else { return }
      guard let again = redial() else { return }
      connected = again
      socket.withLock { $0 = again }
      for piece in 0..<state.change({ $0.shown }) { send([4], Self.word(piece)) }
    }
  }

  /// `nil`: the node is gone, or knows the torrent no more.
  private func redial() -> Int32? {
    var connected: Int32?
    _ = eventually(within: .seconds(15)) {
      connected = try? Self.shakeHands(torrent, port, as: identity)
      return connected != nil || state.change { $0.hasLeft }
    }
    return connected
  }

  private func serve(_ connected: Int32) {
    while let head = Self.receive(connected, 4) {
      let count = Self.number(head[...])
      guard count > 0 else { continue }
      guard count < 1 << 20, let message = Self.receive(connected, count) else { break }
      switch message[0] {
      // Interested: unchoked.
      case 2: send([1], [])
      case 6: answer(message)
      default: break
      }
    }
    // Nobody sends into a descriptor that may be another's by then.
    socket.withLock { socket in
      close(socket)
      socket = -1
    }
  }

  private func answer(_ request: [UInt8]) {
    state.change { $0.askedCount += 1 }
    guard answers else { return }
    let (piece, begin, count) = (
      Self.number(request[1..<5]), Self.number(request[5..<9]), Self.number(request[9..<13])
    )
    let start = piece * ClassicTorrent.pieceBytes + begin
    guard piece < state.change({ $0.shown }), start + count <= torrent.bytes.count else { return }
    state.change { $0.sentBytes += count }
    send([7] + Self.word(piece) + Self.word(begin), torrent.bytes[start..<(start + count)])
  }

  private func send(_ head: [UInt8], _ body: some Sequence<UInt8>) {
    let message = head + body
    let bytes = Self.word(message.count) + message
    socket.withLock { socket in
      guard socket >= 0 else { return }
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        sent += count
      }
    }
  }

  // MARK: - The wire

  /// `nil`: the node closed, since it does not know the torrent yet.
  private static func shakeHands(
    _ torrent: ClassicTorrent, _ port: UInt16, as identity: [UInt8]
  ) throws -> Int32? {
    let connected = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard connected >= 0 else { throw Trouble(errno: "socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connected, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let hello =
      [19] + Array("BitTorrent protocol".utf8) + [UInt8](repeating: 0, count: 8) + torrent.infoHash
      + identity
    guard result == 0, Glibc.send(connected, hello, hello.count, Int32(MSG_NOSIGNAL)) == hello.count,
      receive(connected, 68) != nil
    else {
      close(connected)
      return nil
    }
    return connected
  }

  private static func receive(_ socket: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + received, count - received, 0) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      received += got
    }
    return bytes
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  private static func word(_ number: Int) -> [UInt8] {
    [UInt8(number >> 24 & 255), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
  }
}
