import BlockingWork

/// Waits until each loop of a server has closed its last connection. Any thread.
final class Ending: Sendable {
  private struct State {
    var hasBegun = false
    var remaining: Int
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }

  private let state: Lock<State>

  init(loops: Int) {
    state = Lock(State(remaining: loops))
  }

  var hasBegun: Bool { state.withLock { $0.hasBegun } }
  var isOver: Bool { state.withLock { $0.remaining == 0 } }

  /// False when it had begun before.
  func begin() -> Bool {
    state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
  }

  func oneLoopEnded() {
    let ready = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
      state.remaining -= 1
      guard state.remaining == 0 else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in ready { continuation.resume() }
  }

  func wait() async {
    await withUnsafeContinuation { continuation in
      let isOver = state.withLock { state in
        if state.remaining > 0 { state.waiting.append(continuation) }
        return state.remaining == 0
      }
      if isOver { continuation.resume() }
    }
  }
}
