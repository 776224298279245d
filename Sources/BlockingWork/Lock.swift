import Glibc

/// A mutex around a few words of state.
///
/// Over `pthread_mutex` because the thread sanitizer cannot see into `Synchronization.Mutex` and reports races that are
/// none. Hold it for a handful of instructions, never across an `await`, a system call or a callback.
///
/// A closure is put into a struct first: as the generic state itself it would be converted on the way to each caller and
/// converted back after it, and wear one more pair of wrappers after each use, for ever.
public final class Lock<State>: @unchecked Sendable {
  // Unchecked: `state` is touched only between lock and unlock of `mutex`.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var state: State

  public init(_ state: State) {
    assert(!Self.holdsClosure, "a closure in a lock is wrapped anew with each use: put it into a struct")
    self.state = state
    mutex = .allocate(capacity: 1)
    let code = pthread_mutex_init(mutex, nil)
    precondition(code == 0, "pthread_mutex_init failed: \(code)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// The state is a closure, an optional one, or a tuple with one.
  private static var holdsClosure: Bool {
    var name = "\(State.self)"[...]
    if name.hasPrefix("Optional<") { name = name.dropFirst("Optional<".count) }
    return name.contains("->") && (name.hasPrefix("(") || name.hasPrefix("@"))
  }

  public func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }
}
