import BlockingWork
import Glibc
import RegistryCore

/// The catalogue of a node in one SQLite file: names, lists and links. Any method from any task.
///
/// The file has one process at a time; whoever opens it holds the data folder's lock.
public final class SQLiteCatalog: Sendable {
  /// The file was new: whoever knows of manifests on disk should say that names were lost.
  public let wasCreated: Bool

  let author: Authorship
  let readers: Readers
  let commits: GroupCommit
  let caches: CatalogCaches

  public static let readerCount = 2

  init(connections: OpenedConnections, author: Authorship, caches: CatalogCaches) throws(RegistryError) {
    let writer = Writer(
      connection: connections.write, author: author, log: connections.log, rules: connections.rules, caches: caches)
    try writer.finishChangeOfRules()
    wasCreated = connections.wasCreated
    self.author = author
    self.caches = caches
    readers = Readers(connections.readers)
    commits = GroupCommit(writer)
  }

  /// Finishes what was begun, folds the log file into the database and lets go of it. Calls made afterwards fail.
  /// Safe twice.
  public func close() async {
    let (readers, commits) = (readers, commits)
    await onOwnThread(named: "catalog-close") {
      readers.close()
      commits.close { connection in
        // Only tidies: what was committed is durable in the log file too, and the next opening reads it there.
        do { try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") } catch {}
        connection.close()
      }
    }
  }
}

/// Runs `body` on a thread made for it: work that blocks and that no pool can do, since it stops the pools.
func onOwnThread<Success: Sendable>(named name: String, _ body: @escaping @Sendable () -> Success) async -> Success {
  await withUnsafeContinuation { continuation in
    let thread = startThread(named: name) { continuation.resume(returning: body()) }
    pthread_detach(thread)
  }
}
