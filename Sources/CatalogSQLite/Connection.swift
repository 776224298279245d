import CSQLite
import RegistryCore

/// One connection to the database and the statements that it has prepared.
///
/// Blocks; call it on `BlockingWork` threads only. Closed when the last reference goes.
final class Connection: @unchecked Sendable {
  // Unchecked: a connection is used by one thread at a time. The writer's belongs to the only thread of `GroupCommit`;
  // a reader's to whoever took it out of the idle list of `Readers`.
  private let handle: OpaquePointer
  /// By the address of the literal that the statement was made from: no text is hashed on the hot path.
  private var prepared: [UnsafeRawPointer: OpaquePointer] = [:]
  private let trace: SQLTrace?
  private var isOpen = true

  /// How long a statement waits for another process (an operator's `sqlite3`) that holds the database.
  private static let busyTimeoutMilliseconds: Int32 = 5_000

  enum Access {
    case write, read

    var flags: Int32 {
      switch self {
      case .write: SQLITE_OPEN_READWRITE
      case .read: SQLITE_OPEN_READONLY
      }
    }
  }

  init(path: String, access: Access, trace: SQLTrace? = nil) throws(RegistryError) {
    var opened: OpaquePointer?
    // Debian's SQLite reads "file:…" as a URI; a path that starts with / or . is always a path.
    let plain = path.hasPrefix("/") ? path : "./\(path)"
    let code = sqlite3_open_v2(plain, &opened, access.flags | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let failure = RegistryError.sqlite(code, on: opened)
      sqlite3_close_v2(opened)
      throw failure
    }
    handle = opened
    self.trace = trace
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
    let defensive = shoal_sqlite_set_defensive(handle)
    if defensive != SQLITE_OK { throw .sqlite(defensive, on: handle) }
    trace?.attach(to: handle)
  }

  deinit { close() }

  /// Lets go of the file. Safe twice; nothing else may be called afterwards.
  func close() {
    guard isOpen else { return }
    isOpen = false
    for statement in prepared.values { sqlite3_finalize(statement) }
    prepared = [:]
    sqlite3_close_v2(handle)
  }

  /// `false` when no transaction is open, also because a failure has rolled it back.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs SQL that is not worth keeping prepared: settings and migrations.
  func execute(_ script: String) throws(RegistryError) {
    let code = sqlite3_exec(handle, script, nil, nil, nil)
    if code != SQLITE_OK { throw .sqlite(code, on: handle) }
  }

  /// Runs a statement and returns how many rows it changed.
  @discardableResult
  func run(_ sql: StaticString, _ values: SQLValue...) throws(RegistryError) -> Int {
    let statement = try ready(sql, values)
    defer { rest(statement) }
    var code = sqlite3_step(statement)
    while code == SQLITE_ROW { code = sqlite3_step(statement) }
    if code != SQLITE_DONE { throw .sqlite(code, on: handle) }
    return Int(sqlite3_changes(handle))
  }

  /// The first row, if there is one.
  func first<Result>(
    _ sql: StaticString, _ values: SQLValue..., read: (Row) throws(RegistryError) -> Result
  ) throws(RegistryError) -> Result? {
    let statement = try ready(sql, values)
    defer { rest(statement) }
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return try read(Row(statement))
    case SQLITE_DONE: return nil
    case let code: throw .sqlite(code, on: handle)
    }
  }

  /// Hands every row to `body`, which may not use this connection meanwhile.
  func each(
    _ sql: StaticString, _ values: [SQLValue] = [], body: (Row) throws(RegistryError) -> Void
  ) throws(RegistryError) {
    try walk(sql, values) { row throws(RegistryError) in
      try body(row)
      return true
    }
  }

  /// Hands rows to `body`, which may not use this connection meanwhile, until it has seen enough and says `false`.
  func walk(
    _ sql: StaticString, _ values: [SQLValue], body: (Row) throws(RegistryError) -> Bool
  ) throws(RegistryError) {
    let statement = try ready(sql, values)
    defer { rest(statement) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: if try !body(Row(statement)) { return }
      case SQLITE_DONE: return
      case let code: throw .sqlite(code, on: handle)
      }
    }
  }

  /// Every row.
  func all<Result>(
    _ sql: StaticString, _ values: SQLValue..., read: (Row) throws(RegistryError) -> Result
  ) throws(RegistryError) -> [Result] {
    var rows: [Result] = []
    try each(sql, values) { row throws(RegistryError) in rows.append(try read(row)) }
    return rows
  }

  private func ready(_ sql: StaticString, _ values: [SQLValue]) throws(RegistryError) -> OpaquePointer {
    let statement = try prepare(sql)
    for (at, value) in values.enumerated() {
      let code = value.bind(to: statement, at: Int32(at + 1))
      if code != SQLITE_OK {
        rest(statement)
        throw .sqlite(code, on: handle)
      }
    }
    return statement
  }

  private func prepare(_ sql: StaticString) throws(RegistryError) -> OpaquePointer {
    let key = UnsafeRawPointer(sql.utf8Start)
    if let known = prepared[key] { return known }
    var statement: OpaquePointer?
    let code = sql.withUTF8Buffer { text in
      text.withMemoryRebound(to: CChar.self) {
        sqlite3_prepare_v3(handle, $0.baseAddress, Int32($0.count), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
      }
    }
    guard code == SQLITE_OK, let statement else { throw .sqlite(code, on: handle) }
    prepared[key] = statement
    return statement
  }

  /// Ends the statement's read of the database and lets go of what was bound.
  private func rest(_ statement: OpaquePointer) {
    // The code repeats what the last step has reported already.
    sqlite3_reset(statement)
    sqlite3_clear_bindings(statement)
  }
}
