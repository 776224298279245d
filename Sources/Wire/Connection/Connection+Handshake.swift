import Glibc
import OpenSSLKit

extension Connection {
  /// The phase is `handshaking`: goes as far as the socket lets it.
  func goOnWithHandshake() {
    guard case .secure(let session) = transport else { return }
    switch session.handshake() {
    case .bytes:
      phase = .awaitingHead
      origin = origin.certified(session.peer)
      setDeadline(after: service.patience.head)
      if loop.isStopping { close() } else { readHead() }
    case .mustWaitToRead: canRead = false
    case .mustWaitToWrite: canWrite = false
    case .ended, .failed:
      service.counters.failedHandshakes.add(1, ordering: .relaxed)
      close()
    }
  }
}
