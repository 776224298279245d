import BlockingWork

/// Something that happens once, for tasks that wait for it.
final class TestSignal: Sendable {
  private struct State {
    var isRaised = false
    var isLate = false
    var waiter: CheckedContinuation<Bool, Never>?
  }

  private let what: String
  private let state = Lock(State())

  init(_ what: String) { self.what = what }

  func raise() { settle { $0.isRaised = true } }

  /// One task at a time.
  func wait(within limit: Duration = .seconds(60)) async throws {
    state.withLock { $0.isLate = false }
    // A deadline, not a pause: cancelled as soon as the signal is there.
    let deadline = Task { [self] in
      try await Task.sleep(for: limit)
      settle { $0.isLate = true }
    }
    defer { deadline.cancel() }
    let came = await withCheckedContinuation { continuation in
      settle { $0.waiter = continuation }
    }
    guard came else { throw TestFailure("waited \(limit) for \(what)") }
  }

  private func settle(_ change: (inout State) -> Void) {
    let (waiter, came) = state.withLock { state in
      change(&state)
      guard state.isRaised || state.isLate else { return (nil as CheckedContinuation<Bool, Never>?, false) }
      return (state.waiter.take(), state.isRaised)
    }
    waiter?.resume(returning: came)
  }
}
