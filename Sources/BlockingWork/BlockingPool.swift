import CLinux
import Glibc

/// Threads on which calls may block: files, SQLite, name lookups. The cooperative pool and the event loops never do.
///
/// Jobs of one pool start in the order they were given; with one thread they also finish in it. The queue has no bound
/// of its own: every job has a caller that waits for it, and callers are bounded where they enter (connections).
public final class BlockingPool: Sendable {
  private let queue: JobQueue
  private let threads: [pthread_t]

  public init(name: String, threads count: Int) {
    precondition(count > 0, "a pool needs a thread")
    let queue = JobQueue()
    self.queue = queue
    threads = (0..<count).map { _ in startThread(named: name) { queue.work() } }
  }

  /// Runs `body` on one of the pool's threads and resumes the caller on its own executor.
  public func run<Success: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Success
  ) async throws(Failure) -> Success {
    // The result goes through a lock although the continuation could carry it: when a job is done before its caller has
    // come to wait, the thread sanitizer sees no order between the two, and reports races that are none.
    let outcome = Lock<Result<Success, Failure>?>(nil)
    await withUnsafeContinuation { continuation in
      submit {
        let result = Result(catching: body)
        outcome.withLock { $0 = result }
        continuation.resume()
      }
    }
    return try outcome.withLock { $0.take() }!.get()
  }

  /// Hands a job over without waiting for it.
  public func submit(_ job: @escaping @Sendable () -> Void) {
    queue.push(job)
  }

  /// Lets the queued jobs finish and the threads end. Jobs given afterwards are a bug of the caller.
  public func stop() {
    queue.close()
    for thread in threads { pthread_join(thread, nil) }
  }
}

/// The queue of a pool: a condition variable over a ring of jobs.
private final class JobQueue: @unchecked Sendable {
  // Unchecked: `jobs`, `head` and `closed` are touched only under `mutex`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [(@Sendable () -> Void)?] = []
  private var head = 0
  private var closed = false

  /// Jobs taken from the front are dropped in runs of this many, so that a queue that is never empty does not grow.
  private static let compactAfterJobs = 256

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  func push(_ job: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    precondition(!closed, "a job was given to a pool that has stopped")
    jobs.append(job)
    pthread_cond_signal(wake)
    pthread_mutex_unlock(mutex)
  }

  func close() {
    pthread_mutex_lock(mutex)
    closed = true
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  func work() {
    while let job = next() { job() }
  }

  private func next() -> (@Sendable () -> Void)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      if closed { return nil }
      pthread_cond_wait(wake, mutex)
    }
    let job = jobs[head].take()
    head += 1
    if head == jobs.count || head >= Self.compactAfterJobs {
      jobs.removeFirst(head)
      head = 0
    }
    return job
  }
}
