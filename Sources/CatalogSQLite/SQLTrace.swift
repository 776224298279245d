import CSQLite

/// Shows each statement as it starts, with its parameters unexpanded; for tests and for an operator's debugging.
/// `show` runs on the connection's thread in the middle of SQLite: it only notes.
final class SQLTrace: Sendable {
  private let show: @Sendable (String) -> Void

  init(_ show: @escaping @Sendable (String) -> Void) { self.show = show }

  /// The connection must hold this object as long as it is open.
  func attach(to handle: OpaquePointer) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_trace_v2(
      handle, UInt32(SQLITE_TRACE_STMT),
      { _, context, statement, _ in
        guard let context, let statement, let sql = sqlite3_sql(OpaquePointer(statement)) else { return 0 }
        Unmanaged<SQLTrace>.fromOpaque(context).takeUnretainedValue().show(String(cString: sql))
        return 0
      }, context)
  }
}
