import CSQLite

/// A parameter of a statement. SQLite copies it when it is bound.
enum SQLValue {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  static func text(orNull text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
  static func blob(orNull bytes: [UInt8]?) -> SQLValue { bytes.map { .blob($0) } ?? .null }

  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch self {
    case .null:
      return sqlite3_bind_null(statement, index)
    case .integer(let value):
      return sqlite3_bind_int64(statement, index, value)
    case .text(var text):
      // With its length, since text of clients (a page's `last`) may hold NUL.
      return text.withUTF8 { utf8 in
        guard let start = utf8.baseAddress else {
          return sqlite3_bind_text(statement, index, "", 0, shoal_sqlite_transient())
        }
        return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
          sqlite3_bind_text64(
            statement, index, $0, UInt64(utf8.count), shoal_sqlite_transient(), UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes):
      // A null pointer would bind NULL instead of an empty blob.
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
      return bytes.withUnsafeBytes {
        sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), shoal_sqlite_transient())
      }
    }
  }
}
