import CLinux
import Glibc

/// Listens at one address of this machine on one loop, and passes on whoever comes, unread.
///
/// In the order in which they came, and nobody is left out: when the process has no descriptor left they wait.
public final class PlainListener: Watched, @unchecked Sendable {
  // Unchecked: what changes is touched on the loop's thread only.

  /// Called on the loop's thread, which it must not block: the socket, and where it comes from.
  public typealias Accepted = @Sendable (PlainSocket, PeerAddress) -> Void

  public let place: PeerAddress
  private let socket: Int32
  private let loop: EventLoop
  private let accepted: Accepted
  private var ticket = Ticket(descriptor: -1, generation: 0)
  private var isOpen = true

  private static let backlog: Int32 = 256
  private static let acceptsPerTurn = 64
  private static let pauseNanoseconds: UInt64 = 100_000_000

  /// The kernel chooses the port.
  init(at address: String, on loop: EventLoop, _ accepted: @escaping Accepted) throws(SystemFailure) {
    guard let place = SocketAddress(address, port: 0) else { throw SystemFailure("inet_pton", EINVAL) }
    let descriptor = try PlainSocket.open(place.family)
    // SO_REUSEADDR is not set: the port is ours alone as long as the socket lives.
    var failure: SystemFailure?
    if place.withPointer({ bind(descriptor, $0, $1) }) != 0 {
      failure = SystemFailure("bind", errno)
    } else if listen(descriptor, Self.backlog) != 0 {
      failure = SystemFailure("listen", errno)
    }
    (socket, self.loop, self.accepted) = (descriptor, loop, accepted)
    self.place = ListeningSocket.localAddress(descriptor)
    if let failure {
      Glibc.close(descriptor)
      isOpen = false
      throw failure
    }
  }

  /// False when the loop has ended. Once.
  func start() -> Bool {
    let isTaken = loop.execute {
      do {
        self.ticket = try self.loop.watch(self.socket, self)
        if self.loop.isStopping { self.stopGently() }
      } catch {
        self.isOpen = false
        Glibc.close(self.socket)
      }
    }
    if !isTaken { Glibc.close(socket) }
    return isTaken
  }

  /// Those who wait to be accepted are reset. Any thread.
  public func close() { loop.execute { self.stopGently() } }

  func becameReady(_ readiness: Readiness) { acceptSome() }

  func deadlinePassed() { acceptSome() }

  func stopGently() {
    guard isOpen else { return }
    isOpen = false
    loop.forget(ticket)
    Glibc.close(socket)
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
      accepted(PlainSocket(descriptor), address.peer)
      return true
    }
    switch errno {
    case EAGAIN, EWOULDBLOCK: return false
    case ECONNABORTED, EINTR: return true
    default:
      loop.wake(ticket, at: loop.now + Self.pauseNanoseconds)
      return false
    }
  }
}
