import BlockingWork
import RegistryCore

/// One call at a time for each torrent, in order of arrival, so that adding and withdrawing never interleave.
final class HashGate: Sendable {
  /// A hash that is present is passed by somebody; the continuations are those who wait for it.
  private let queues = Lock<[InfoHash: [UnsafeContinuation<Void, Never>]]>([:])

  func enter(_ hash: InfoHash) async {
    await withUnsafeContinuation { continuation in
      let entered = queues.withLock { queues in
        guard queues[hash] == nil else {
          queues[hash]?.append(continuation)
          return false
        }
        queues[hash] = []
        return true
      }
      if entered { continuation.resume() }
    }
  }

  func leave(_ hash: InfoHash) {
    let next: UnsafeContinuation<Void, Never>? = queues.withLock { queues in
      guard var queue = queues[hash], !queue.isEmpty else {
        queues[hash] = nil
        return nil
      }
      let next = queue.removeFirst()
      queues[hash] = queue
      return next
    }
    next?.resume()
  }
}
