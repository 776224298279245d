import Glibc

/// A mutex around a few words of state.
///
/// Over `pthread_mutex` because the thread sanitizer cannot see into `Synchronization.Mutex` and reports races that are
/// none. Hold it for a handful of instructions, never across an `await`, a system call or a callback.
public final class Lock<State>: @unchecked Sendable {
  // Unchecked: `state` is touched only between lock and unlock of `mutex`.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var state: State

  public init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    let code = pthread_mutex_init(mutex, nil)
    precondition(code == 0, "pthread_mutex_init failed: \(code)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  public func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }
}
