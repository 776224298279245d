import CLinux
import Glibc
import OpenSSLKit

/// A stream on its way: connecting, then shaking hands.
final class Opening {
  /// What both must agree on.
  let name: String
  var isConnected = false
  let outcome: Outcome<StreamFailure?>

  init(_ name: String, _ outcome: Outcome<StreamFailure?>) {
    (self.name, self.outcome) = (name, outcome)
  }
}

extension SecureStream {
  /// The socket is connecting.
  convenience init(dialling socket: Int32, session: TLSSession, loop: EventLoop) {
    self.init(socket: socket, session: session, peer: nil, loop: loop) { loop.load.subtract(1, ordering: .relaxed) }
  }

  // MARK: The loop's thread

  func open(_ name: String, _ outcome: Outcome<StreamFailure?>, within patience: Duration) {
    do {
      try watch()
    } catch {
      abandon()
      return outcome.settle(StreamFailure(.unreachable, "\(error)"))
    }
    (canRead, canWrite) = (false, false)
    undertake(.opening(Opening(name, outcome)), within: patience)
    if loop.isStopping { fail(.stopping) }
  }

  func goOn(_ opening: Opening) {
    guard opening.isConnected || canWrite else { return }
    let code = opening.isConnected ? 0 : socketError
    guard code == 0 else { return fail(StreamFailure(.unreachable, String(cString: strerror(code)))) }
    opening.isConnected = true
    switch session.handshake() {
    case .bytes: opened(opening)
    case .mustWaitToRead: canRead = false
    case .mustWaitToWrite: canWrite = false
    case .ended, .failed: fail(StreamFailure(.distrusted, session.failure.map { "\($0)" } ?? "no handshake"))
    }
  }

  private func opened(_ opening: Opening) {
    guard session.chosenProtocol == opening.name else {
      return fail(StreamFailure(.unsupported, "the peer does not speak \(opening.name)"))
    }
    identify()
    (canRead, canWrite) = (true, true)
    rest()
    opening.outcome.settle(nil)
  }

  /// Of a connection that was begun and not waited for.
  private var socketError: Int32 {
    var (code, length): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }
}
