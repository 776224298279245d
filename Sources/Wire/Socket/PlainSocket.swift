import CLinux
import Glibc
import Synchronization

/// A TCP socket in plaintext, of this machine's own loopback as a rule. Any thread; it closes when nobody has it any more.
public final class PlainSocket: Sendable {
  /// -1 when it is closed.
  private let number: Atomic<Int32>

  /// Takes the descriptor over, which does not block.
  init(_ descriptor: Int32) {
    number = Atomic(descriptor)
    ListeningSocket.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  deinit { close() }

  /// Bound to the address, and to a port that nobody else has from now on.
  public static func bound(to address: String) throws(SystemFailure) -> PlainSocket {
    guard let place = SocketAddress(address, port: 0) else { throw SystemFailure("inet_pton", EINVAL) }
    let plain = PlainSocket(try Self.open(place.family))
    let code = place.withPointer { bind(plain.descriptor, $0, $1) }
    guard code == 0 else { throw SystemFailure("bind", errno) }
    return plain
  }

  static func open(_ family: Int32) throws(SystemFailure) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw SystemFailure("socket", errno) }
    return descriptor
  }

  var descriptor: Int32 { number.load(ordering: .relaxed) }

  public var local: PeerAddress { ListeningSocket.localAddress(descriptor) }

  /// Begins it; how it went shows when something is sent or received.
  public func connect(to place: PeerAddress) throws(SystemFailure) {
    guard case .network(let address, let port) = place, let target = SocketAddress(address, port: port) else {
      throw SystemFailure("inet_pton", EINVAL)
    }
    let code = target.withPointer { Glibc.connect(descriptor, $0, $1) }
    guard code != 0 else { return }
    let failure = errno
    if failure != EINPROGRESS { throw SystemFailure("connect", failure) }
  }

  /// The descriptor is the caller's from now on.
  func giveUp() -> Int32 { number.exchange(-1, ordering: .acquiringAndReleasing) }

  public func close() {
    let descriptor = giveUp()
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Closes it with a reset, so that nothing short looks whole.
  public func cut() {
    let descriptor = giveUp()
    guard descriptor >= 0 else { return }
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    Glibc.close(descriptor)
  }
}
