import BlockingWork
import FleetCore

/// Those who wait until a node has asked the members which numbers it has used, and may write.
final class Settling: Sendable {
  private struct State {
    var isOver = false
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }

  /// The machine settles within `FleetLimits.epochMilliseconds`, unless the disk is slow.
  private static let patience = Duration.milliseconds(FleetLimits.epochMilliseconds + 1000)

  private let state = Lock(State())

  func note(_ gate: WriteGate) {
    if gate == .settling { state.withLock { $0.isOver = false } } else { release(isOver: true) }
  }

  /// Returns when it is over, or when it has been long enough.
  func wait() async {
    // Unstructured: a timer of one moment, cancelled when the wait is over before it.
    let timer = Task {
      do { try await Task.sleep(for: Self.patience) } catch { return }
      self.release(isOver: false)
    }
    await withUnsafeContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.isOver { state.waiting.append(continuation) }
        return state.isOver
      }
      if isOver { continuation.resume() }
    }
    timer.cancel()
  }

  /// Nobody waits from now on.
  func end() { release(isOver: true) }

  private func release(isOver: Bool) {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      if isOver { state.isOver = true }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
