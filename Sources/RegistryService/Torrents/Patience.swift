import BlockingWork
import RegistryCore

/// Waits for work as long as there is patience. When it is over the work goes on, and `unavailable` is thrown.
func within<Success: Sendable>(
  _ patience: Duration, _ work: @escaping @Sendable () async throws(RegistryError) -> Success
) async throws(RegistryError) -> Success {
  let outcome = FirstOutcome<Result<Success, RegistryError>>()
  // Unstructured: the work outlives whoever lost patience.
  Task {
    do throws(RegistryError) {
      outcome.settle(.success(try await work()))
    } catch {
      outcome.settle(.failure(error))
    }
  }
  // Unstructured, and cancelled below: a child of a group would have to be waited for together with the work.
  let alarm = Task {
    // A cancelled sleep means that there is an outcome already.
    try? await Task.sleep(for: patience)
    outcome.settle(.failure(RegistryError(.unavailable, "this is being worked on and takes longer; ask again soon")))
  }
  defer { alarm.cancel() }
  return try await outcome.value().get()
}

/// What came first of several that were begun.
private final class FirstOutcome<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiter: CheckedContinuation<Value, Never>?
  }

  private let state = Lock(State())

  func settle(_ value: Value) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
      guard state.value == nil else { return nil }
      state.value = value
      return state.waiter.take()
    }
    waiter?.resume(returning: value)
  }

  /// For one waiter.
  func value() async -> Value {
    await withCheckedContinuation { continuation in
      let value = state.withLock { state -> Value? in
        if state.value == nil { state.waiter = continuation }
        return state.value
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}
