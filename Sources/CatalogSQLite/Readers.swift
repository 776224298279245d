import BlockingWork
import RegistryCore

/// Connections that only read, one for each thread of their pool. They see what is committed and wait for no writer.
final class Readers: Sendable {
  private let pool: BlockingPool
  private let idle: Lock<Idle>

  private struct Idle {
    var connections: [Connection]
    var isClosed = false
  }

  init(_ connections: [Connection]) {
    pool = BlockingPool(name: "catalog-read", threads: connections.count)
    idle = Lock(Idle(connections: connections))
  }

  func read<Success: Sendable>(
    _ body: @escaping @Sendable (Connection) throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    let result: Result<Success, RegistryError> = await withUnsafeContinuation { continuation in
      let isOpen = idle.withLock { idle in
        // Under the lock, so that `close` cannot stop the pool between the question and the job.
        if !idle.isClosed { pool.submit { continuation.resume(returning: self.perform(body)) } }
        return !idle.isClosed
      }
      if !isOpen { continuation.resume(returning: .failure(RegistryError(.unavailable, "the node is stopping"))) }
    }
    return try result.get()
  }

  /// Lets running and queued reads finish, then closes the connections. Safe twice. Blocks: on a thread of the caller's
  /// own.
  func close() {
    let wasClosed = idle.withLock { idle in
      defer { idle.isClosed = true }
      return idle.isClosed
    }
    if wasClosed { return }
    pool.stop()
    idle.withLock { idle in
      for connection in idle.connections { connection.close() }
      idle.connections = []
    }
  }

  private func perform<Success>(
    _ body: (Connection) throws(RegistryError) -> Success
  ) -> Result<Success, RegistryError> {
    guard let connection = idle.withLock({ $0.connections.popLast() }) else {
      return .failure(RegistryError(.internal, "the node's catalogue failed", cause: "more readers than connections"))
    }
    defer { idle.withLock { $0.connections.append(connection) } }
    do { return .success(try body(connection)) } catch { return .failure(error) }
  }
}
