import BlockingWork
import Testing

/// Where the bodies of these tests run. They block, on sockets and on child processes, and the cooperative pool must
/// not: the other suites of the same process would starve.
final class ThreadExecutor: TaskExecutor {
  static let shared = ThreadExecutor(threads: 4)

  private let pool: BlockingPool

  private init(threads: Int) { pool = BlockingPool(name: "end-to-end", threads: threads) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pool.submit { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Gives the bodies of a suite's tests threads on which they may block; so many of them run at once.
struct BlockingBodies: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
  }
}

extension Trait where Self == BlockingBodies {
  static var blocking: Self { BlockingBodies() }
}
