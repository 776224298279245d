import CLinux
import Glibc
import OpenSSLKit
import Synchronization

/// A listening socket on its loop. Accepts, and hands each connection to the loop that carries the fewest.
///
/// One socket an address rather than one a loop (SO_REUSEPORT): a registry's load is a few heavy connections, and the
/// kernel's hash would often put most of them on one loop. The hand-over costs one eventfd write a connection.
final class Listener: Watched, @unchecked Sendable {
  // Unchecked: touched on the thread of `loop` only.

  private let socket: Int32
  private let tls: TLSContext?
  private let loop: EventLoop
  private let loops: [EventLoop]
  private let service: Service
  private var ticket = Ticket(descriptor: -1, generation: 0)
  private var isOpen = true
  /// Given up for a moment when the process has no descriptor left, so that the one who knocks can be turned away.
  private var reserve: Int32 = -1

  /// So many are accepted before the loop's connections get their turn.
  private static let acceptsPerTurn = 64
  private static let pauseNanoseconds: UInt64 = 100_000_000

  init(socket: Int32, tls: TLSContext?, loop: EventLoop, loops: [EventLoop], service: Service) {
    self.socket = socket
    self.tls = tls
    self.loop = loop
    self.loops = loops
    self.service = service
  }

  func start() throws(SystemFailure) {
    reserve = Self.openReserve()
    ticket = try loop.watch(socket, self)
  }

  func becameReady(_ readiness: Readiness) { acceptSome() }

  func deadlinePassed() { acceptSome() }

  func stopGently() {
    guard isOpen else { return }
    isOpen = false
    loop.forget(ticket)
    close(socket)
    if reserve >= 0 { close(reserve) }
  }

  func stopNow() { stopGently() }

  private func acceptSome() {
    for _ in 0..<Self.acceptsPerTurn {
      guard isOpen, acceptOne() else { return }
    }
    // Later than now: a deadline that is due already would be called in this same turn.
    loop.wake(ticket, at: loop.now + 1)
  }

  /// False when nobody waits, or accepting must pause.
  private func acceptOne() -> Bool {
    var address = SocketAddress()
    let descriptor = address.withMutablePointer { shoal_accept_nonblocking(socket, $0, $1) }
    guard descriptor < 0 else {
      admit(descriptor, address.peer)
      return true
    }
    switch errno {
    case EAGAIN, EWOULDBLOCK: return false
    case EMFILE, ENFILE: return turnAway()
    case ECONNABORTED, EINTR, EPROTO, ENETDOWN, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH: return true
    default:
      loop.wake(ticket, at: loop.now + Self.pauseNanoseconds)
      return false
    }
  }

  private func admit(_ descriptor: Int32, _ peer: PeerAddress) {
    service.counters.accepted.add(1, ordering: .relaxed)
    switch service.admissions.enter(peer) {
    case .admitted: hand(descriptor, peer)
    case .tooMany:
      service.counters.overTotal.add(1, ordering: .relaxed)
      refuse(descriptor)
    case .tooManyOfAddress:
      service.counters.overAddress.add(1, ordering: .relaxed)
      refuse(descriptor)
    }
  }

  private func hand(_ descriptor: Int32, _ peer: PeerAddress) {
    if case .network = peer { ListeningSocket.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
    let target = loops.min { $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed) } ?? loop
    target.load.add(1, ordering: .relaxed)
    do {
      let session = try tls?.makeSession(socket: descriptor)
      let connection = Connection(
        socket: descriptor, peer: peer, local: ListeningSocket.localAddress(descriptor), session: session, loop: target,
        service: service)
      if target === loop { return connection.start() }
      if !target.execute({ connection.start() }) { abandon(descriptor, peer, target) }
    } catch {
      abandon(descriptor, peer, target)
    }
  }

  /// OpenSSL had no memory, or the loop has ended.
  private func abandon(_ descriptor: Int32, _ peer: PeerAddress, _ target: EventLoop) {
    close(descriptor)
    service.connectionClosed(peer, target)
  }

  private func refuse(_ descriptor: Int32) {
    guard tls == nil else {
      close(descriptor)
      return
    }
    let answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    _ = Array(answer.utf8).withUnsafeBytes { Transport.plain.send(descriptor, $0, more: false) }
    close(descriptor)
  }

  /// No descriptor is left: the reserve is given up to accept the one who waits and close on him, and taken again.
  private func turnAway() -> Bool {
    service.counters.outOfDescriptors.add(1, ordering: .relaxed)
    guard reserve >= 0 else {
      reserve = Self.openReserve()
      loop.wake(ticket, at: loop.now + Self.pauseNanoseconds)
      return false
    }
    close(reserve)
    let descriptor = shoal_accept_nonblocking(socket, nil, nil)
    if descriptor >= 0 { close(descriptor) }
    reserve = Self.openReserve()
    return descriptor >= 0
  }

  private static func openReserve() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
