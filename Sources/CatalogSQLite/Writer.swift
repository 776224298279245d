import RegistryCore

/// Commits groups of writes. Lives on the writer's thread.
final class Writer: @unchecked Sendable {
  // Unchecked: touched on the only thread of its `GroupCommit`, after `init`.
  let connection: Connection
  private let clock: any WallClock
  private let caches: CatalogCaches
  private var log: LogEnd

  init(connection: Connection, clock: any WallClock, log: LogEnd, caches: CatalogCaches) {
    self.connection = connection
    self.clock = clock
    self.log = log
    self.caches = caches
  }

  /// All that succeed are durable before any caller goes on. When the transaction itself fails, all fail and nothing of
  /// any of them remains.
  func commit(_ group: [any PendingWrite]) {
    var transaction = WriteTransaction(connection: connection, clock: clock, log: log)
    var failure: RegistryError?
    do {
      try connection.run("BEGIN IMMEDIATE")
      for write in group { try attempt(write, in: &transaction) }
      caches.hold(transaction.touched)
      defer { caches.release(transaction.touched) }
      try connection.run("COMMIT")
      log = transaction.log
    } catch {
      failure = error
      abandon()
    }
    for write in group { write.end(failure) }
  }

  /// One write in its savepoint: its own failure is its caller's; a failure that ended the transaction is everybody's.
  private func attempt(_ write: any PendingWrite, in transaction: inout WriteTransaction) throws(RegistryError) {
    let before = transaction.log
    try connection.run("SAVEPOINT one")
    do {
      try write.attempt(&transaction)
    } catch {
      // What it touched stays noted: forgetting an answer too many costs one read.
      transaction.log = before
      guard connection.isInTransaction else { throw error }
      try connection.run("ROLLBACK TO one")
    }
    try connection.run("RELEASE one")
  }

  private func abandon() {
    guard connection.isInTransaction else { return }
    // A ROLLBACK that fails leaves the transaction open; then the next BEGIN fails and says so.
    do { try connection.run("ROLLBACK") } catch {}
  }
}
