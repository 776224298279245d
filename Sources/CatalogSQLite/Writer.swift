import RegistryCore

/// Commits groups of writes. Lives on the writer's thread.
final class Writer: @unchecked Sendable {
  // Unchecked: touched on the only thread of its `GroupCommit`, after `init`.
  let connection: Connection
  private let author: Authorship
  private let caches: CatalogCaches
  private var log: LogEnd
  private var rules: NameRules

  init(connection: Connection, author: Authorship, log: LogEnd, rules: NameRules, caches: CatalogCaches) {
    self.connection = connection
    self.author = author
    self.log = log
    self.rules = rules
    self.caches = caches
  }

  /// All that succeed are durable before any caller goes on. When the transaction itself fails, all fail and nothing of
  /// any of them remains.
  func commit(_ group: [any PendingWrite]) {
    var transaction = begun()
    var failure: RegistryError?
    do {
      try connection.run("BEGIN IMMEDIATE")
      // First of all: what is written now is dated after all that counts.
      try transaction.settleDue()
      for write in group { try attempt(write, in: &transaction) }
      caches.hold(transaction.touched)
      defer { caches.release(transaction.touched) }
      try connection.run("COMMIT")
      (log, rules) = (transaction.log, transaction.rules)
    } catch {
      failure = error
      abandon()
    }
    for write in group { write.end(failure) }
  }

  /// Derives what a change of rules left behind when the node was killed in the middle of it. Before all else.
  func finishChangeOfRules() throws(RegistryError) {
    var isFinished = false
    while !isFinished {
      try connection.run("BEGIN IMMEDIATE")
      do throws(RegistryError) {
        var transaction = begun()
        isFinished = try !transaction.deriveStale(limit: SQLiteCatalog.namesPerTransaction)
        try connection.run("COMMIT")
      } catch {
        abandon()
        throw error
      }
    }
  }

  private func begun() -> WriteTransaction {
    WriteTransaction(
      connection: connection, clock: author.clock, notary: author.notary,
      now: log.clockCorrection?.now ?? author.clock.millisecondsSince1970, log: log, rules: rules)
  }

  /// One write in its savepoint: its own failure is its caller's; a failure that ended the transaction is everybody's.
  private func attempt(_ write: any PendingWrite, in transaction: inout WriteTransaction) throws(RegistryError) {
    let before = (transaction.log, transaction.rules)
    try connection.run("SAVEPOINT one")
    do {
      try write.attempt(&transaction)
    } catch {
      // What it touched stays noted: forgetting an answer too many costs one read.
      (transaction.log, transaction.rules) = before
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
