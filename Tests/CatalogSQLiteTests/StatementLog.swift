import BlockingWork
import CSQLite
import RegistryCore

@testable import CatalogSQLite

/// Every statement that a catalogue ran, in order.
final class StatementLog: Sendable {
  private let statements = Lock<[String]>([])
  /// Give this to `SQLiteCatalog.open`; it shows what it traces to this log.
  let trace: SQLTrace

  init() {
    trace = SQLTrace { [statements] sql in statements.withLock { $0.append(sql) } }
  }

  var all: [String] { statements.withLock { $0 } }

  func count(_ sql: String) -> Int { all.count { $0 == sql } }

  func clear() { statements.withLock { $0 = [] } }
}

/// A second look at a database, beside the catalogue and without its code.
final class PlainDatabase {
  private var handle: OpaquePointer?

  init(_ path: String) throws {
    guard sqlite3_open(path, &handle) == SQLITE_OK else { throw RegistryError(.internal, "sqlite3_open failed") }
  }

  deinit { sqlite3_close(handle) }

  /// Rows as text, columns joined by `|`.
  @discardableResult
  func rows(_ sql: String) throws -> [String] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw failure }
    defer { sqlite3_finalize(statement) }
    var rows: [String] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append((0..<sqlite3_column_count(statement)).map { text(statement, $0) }.joined(separator: "|"))
      case SQLITE_DONE: return rows
      default: throw failure
      }
    }
  }

  /// Several statements, whose rows nobody wants.
  func execute(_ script: String) throws {
    guard sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  /// How SQLite goes about a statement, a line a step.
  func plan(of sql: String) throws -> [String] {
    try rows("EXPLAIN QUERY PLAN \(sql)").compactMap { $0.split(separator: "|").last.map(String.init) }
  }

  private func text(_ statement: OpaquePointer?, _ column: Int32) -> String {
    sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL"
  }

  private var failure: RegistryError {
    RegistryError(.internal, String(cString: sqlite3_errmsg(handle)))
  }
}
