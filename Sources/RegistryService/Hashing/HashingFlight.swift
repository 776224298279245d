import BlockingWork
import RegistryCore

/// One blob that is being hashed, and those who wait for it.
final class HashingFlight: Sendable {
  typealias Outcome = Result<BlobReading.Outcome, RegistryError>

  private struct State {
    var outcome: Outcome?
    var isHurried = false
    var waiters: [Int: UnsafeContinuation<Outcome?, Never>] = [:]
    var lastWaiter = 0
  }

  private let state = Lock(State())

  init() {}

  /// Somebody waits: it goes on without rests.
  var isHurried: Bool { state.withLock { $0.isHurried } }

  func hurry() { state.withLock { $0.isHurried = true } }

  /// Ends it, once, for all who wait and who come later.
  func land(_ outcome: Outcome) {
    let waiters = state.withLock { state in
      defer { state.waiters = [:] }
      state.outcome = outcome
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(returning: outcome) }
  }

  func wait() async -> Outcome? {
    let number = takeNumber()
    return await withUnsafeContinuation { continuation in _ = enroll(continuation, as: number) }
  }

  /// `nil`: it goes on, and the patience is at its end, or the task that waits was cancelled.
  func wait(for patience: Duration) async -> Outcome? {
    let (number, deadline) = (takeNumber(), ContinuousClock.now + patience)
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        guard enroll(continuation, as: number) else { return }
        // Cancelled before that, it was given up before it came.
        if Task.isCancelled { return giveUp(number) }
        // Unstructured: it outlives nothing but the waiter that it gives up, which landing may have resumed before.
        Task {
          try? await Task.sleep(until: deadline)
          giveUp(number)
        }
      }
    } onCancel: {
      giveUp(number)
    }
  }

  private func takeNumber() -> Int {
    state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
  }

  /// `false` when it was resumed at once.
  private func enroll(_ continuation: UnsafeContinuation<Outcome?, Never>, as number: Int) -> Bool {
    let outcome = state.withLock { state in
      if state.outcome == nil { state.waiters[number] = continuation }
      return state.outcome
    }
    if let outcome { continuation.resume(returning: outcome) }
    return outcome == nil
  }

  private func giveUp(_ number: Int) {
    state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: nil)
  }
}
