import BlockingWork
import RegistryCore

/// One at a time for each key, in order of arrival; different keys do not meet.
///
/// The registry passes it by digest wherever bytes and their name change together (seal and link, shelve and publish,
/// retract and unshelve), so that no two of them ever interleave for one blob.
final class KeyedGate<Key: Hashable & Sendable>: Sendable {
  /// A key that is present is passed by somebody; the continuations are those who wait for it.
  private let queues = Lock<[Key: [UnsafeContinuation<Void, Never>]]>([:])

  func pass<Success>(
    _ key: Key, _ body: () async throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    await enter(key)
    defer { leave(key) }
    return try await body()
  }

  /// The same for what cannot fail.
  func wait<Success>(_ key: Key, _ body: () async -> Success) async -> Success {
    await enter(key)
    defer { leave(key) }
    return await body()
  }

  private func enter(_ key: Key) async {
    if tryEnter(key) { return }
    await withUnsafeContinuation { continuation in
      let entered = queues.withLock { queues in
        guard queues[key] != nil else {
          queues[key] = []
          return true
        }
        queues[key]?.append(continuation)
        return false
      }
      if entered { continuation.resume() }
    }
  }

  private func tryEnter(_ key: Key) -> Bool {
    queues.withLock { queues in
      guard queues[key] == nil else { return false }
      queues[key] = []
      return true
    }
  }

  private func leave(_ key: Key) {
    let next: UnsafeContinuation<Void, Never>? = queues.withLock { queues in
      guard var queue = queues[key], !queue.isEmpty else {
        queues[key] = nil
        return nil
      }
      let next = queue.removeFirst()
      queues[key] = queue
      return next
    }
    next?.resume()
  }
}
