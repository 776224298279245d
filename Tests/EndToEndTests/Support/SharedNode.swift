import BlockingBodies
import BlockingWork
import Glibc
import Testing

/// One node for all tests of a suite, which then meet on it as real clients do; each takes repositories of its own.
struct SharedNode: SuiteTrait, TestScoping {
  @TaskLocal static var current: ShoalNode?

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let node = try await withTaskExecutorPreference(ThreadExecutor.shared) {
      try ShoalNode(in: TemporaryFolder())
    }
    defer { node.process.signal(SIGKILL) }
    try await Self.$current.withValue(node) { try await function() }
  }

  private static let count = Lock(0)

  /// A connection to the suite's node, and a repository that nobody else uses.
  static func visit() throws -> (HTTPConnection, repository: String) {
    guard let node = current else { throw Trouble("the suite has no node") }
    let number = count.withLock { count in
      count += 1
      return count
    }
    return (try node.connect(), "suite/r\(number)")
  }
}

extension Trait where Self == SharedNode {
  static var onOneNode: Self { SharedNode() }
}
