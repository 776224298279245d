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
    await withUnsafeContinuation { continuation in _ = enroll(continuation) }
  }

  /// `nil`: it goes on, and the patience is at its end.
  func wait(for patience: Duration) async -> Outcome? {
    let deadline = ContinuousClock.now + patience
    return await withUnsafeContinuation { continuation in
      guard let number = enroll(continuation) else { return }
      // Unstructured: it outlives nothing but the waiter that it gives up, which landing may have resumed before.
      Task {
        try? await Task.sleep(until: deadline)
        giveUp(number)
      }
    }
  }

  /// The waiter's number; `nil` when it was resumed at once.
  private func enroll(_ continuation: UnsafeContinuation<Outcome?, Never>) -> Int? {
    let (number, outcome): (Int?, Outcome?) = state.withLock { state in
      if let outcome = state.outcome { return (nil, outcome) }
      state.lastWaiter += 1
      state.waiters[state.lastWaiter] = continuation
      return (state.lastWaiter, nil)
    }
    if let outcome { continuation.resume(returning: outcome) }
    return number
  }

  private func giveUp(_ number: Int) {
    state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: nil)
  }
}
