import BlockingWork
import Testing

/// Where the bodies of tests run that block, on sockets and on child processes. The cooperative pool must not: it has a
/// thread for each processor, and the other tests of the process would stand still for as long.
public final class ThreadExecutor: TaskExecutor {
  public static let shared = ThreadExecutor(threads: 4)

  private let pool: BlockingPool

  private init(threads: Int) { pool = BlockingPool(name: "blocking-tests", threads: threads) }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pool.submit { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Gives the bodies of a suite's tests threads on which they may block; so many of them run at once.
public struct BlockingBodies: SuiteTrait, TestTrait, TestScoping {
  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
  }
}

extension Trait where Self == BlockingBodies {
  public static var blocking: Self { BlockingBodies() }
}
