import BlockingWork
import RegistryCore

/// The one writer. Writes that come while a COMMIT is on its way to the disk wait together and are committed together,
/// each in its own savepoint: as many as arrive meanwhile cost one sync. A caller goes on only after its COMMIT.
final class GroupCommit: Sendable {
  private let thread = BlockingPool(name: "catalog-write", threads: 1)
  private let queue = Lock(Queue())
  private let writer: Writer

  /// Bounds what one transaction holds in memory and in the log file; the rest is next.
  static let writesPerCommitLimit = 256

  private struct Queue {
    var waiting: [any PendingWrite] = []
    var isDraining = false
    var isClosed = false
  }

  init(_ writer: Writer) { self.writer = writer }

  func write<Success: Sendable>(
    _ body: @escaping @Sendable (inout WriteTransaction) throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    let result: Result<Success, RegistryError> = await withUnsafeContinuation { continuation in
      enqueue(Write(body: body, continuation: continuation))
    }
    return try result.get()
  }

  /// Lets what waits be committed, then runs `last` on the writer's thread and ends it. A second call does nothing.
  /// Blocks: on a thread of the caller's own.
  func close(_ last: @escaping @Sendable (Connection) -> Void) {
    let wasClosed = queue.withLock { queue in
      defer { queue.isClosed = true }
      return queue.isClosed
    }
    if wasClosed { return }
    thread.submit { [writer] in last(writer.connection) }
    thread.stop()
  }

  /// How many writes wait for the next COMMIT.
  var waitingCount: Int { queue.withLock { $0.waiting.count } }

  private func enqueue(_ write: any PendingWrite) {
    enum Step { case wake, wait, refuse }
    let step: Step = queue.withLock { queue in
      if queue.isClosed { return .refuse }
      queue.waiting.append(write)
      guard !queue.isDraining else { return .wait }
      queue.isDraining = true
      // Under the lock, so that `close` cannot stop the thread between the decision and the job.
      thread.submit { self.drain() }
      return .wake
    }
    if step == .refuse { write.end(RegistryError(.unavailable, "the node is stopping")) }
  }

  private func drain() {
    while true {
      let group = queue.withLock { queue in
        let group = Array(queue.waiting.prefix(Self.writesPerCommitLimit))
        queue.waiting.removeFirst(group.count)
        queue.isDraining = !group.isEmpty
        return group
      }
      if group.isEmpty { return }
      writer.commit(group)
    }
  }
}

/// A write whose caller waits.
protocol PendingWrite: AnyObject, Sendable {
  /// Does the work and keeps its outcome. A failure is thrown as well, so that its savepoint is rolled back.
  func attempt(_ transaction: inout WriteTransaction) throws(RegistryError)

  /// Resumes the caller with the outcome, or with what befell the whole group. Once.
  func end(_ groupFailure: RegistryError?)
}

private final class Write<Success: Sendable>: PendingWrite, @unchecked Sendable {
  // Unchecked: `outcome` is touched on the writer's thread only, before the caller is resumed.
  private let body: @Sendable (inout WriteTransaction) throws(RegistryError) -> Success
  private let continuation: UnsafeContinuation<Result<Success, RegistryError>, Never>
  private var outcome: Result<Success, RegistryError>?

  init(
    body: @escaping @Sendable (inout WriteTransaction) throws(RegistryError) -> Success,
    continuation: UnsafeContinuation<Result<Success, RegistryError>, Never>
  ) {
    self.body = body
    self.continuation = continuation
  }

  func attempt(_ transaction: inout WriteTransaction) throws(RegistryError) {
    do {
      outcome = .success(try body(&transaction))
    } catch {
      outcome = .failure(error)
      throw error
    }
  }

  func end(_ groupFailure: RegistryError?) {
    let neverTried = RegistryError(.internal, "the node's catalogue failed", cause: "a write was not attempted")
    continuation.resume(returning: groupFailure.map { .failure($0) } ?? outcome ?? .failure(neverTried))
  }
}
