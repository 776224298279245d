import Glibc
import OpenSSLKit

extension Connection {
  /// The phase is `handshaking`: goes as far as the socket lets it.
  func goOnWithHandshake() {
    guard case .secure(let session) = transport else { return }
    switch session.handshake() {
    case .bytes:
      origin = origin.certified(session.peer)
      if loop.isStopping { return close() }
      if let taker = service.taker(of: session) { return handOver(session, to: taker) }
      phase = .awaitingHead
      setDeadline(after: service.patience.head)
      readHead()
    case .mustWaitToRead: canRead = false
    case .mustWaitToWrite: canWrite = false
    case .ended, .failed:
      service.counters.failedHandshakes.add(1, ordering: .relaxed)
      close()
    }
  }
}
