import BlockingWork

/// What came of something that a loop does for a task: settled once, on the loop; one task waits. Either may come first.
///
/// The value goes through a lock although the continuation could carry it: the thread sanitizer sees no order otherwise
/// (as in `BlockingPool.run`).
final class Outcome<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiting: UnsafeContinuation<Void, Never>?
  }

  private let state = Lock(State())

  func settle(_ value: Value) {
    let waiting = state.withLock { state in
      if state.value == nil { state.value = value }
      return state.waiting.take()
    }
    waiting?.resume()
  }

  func value() async -> Value {
    while true {
      if let value = state.withLock(\.value) { return value }
      await withUnsafeContinuation { continuation in
        let isSettled = state.withLock { state in
          if state.value == nil { state.waiting = continuation }
          return state.value != nil
        }
        if isSettled { continuation.resume() }
      }
    }
  }
}
