import CSQLite
import Glibc
import RegistryCore

/// SQLite's result codes in the registry's words: the one place where they are translated.
extension RegistryError {
  /// The failure of the last call on `handle`, read before another call is made on it.
  static func sqlite(_ code: Int32, on handle: OpaquePointer?) -> RegistryError {
    let words = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let systemError = handle.map { sqlite3_system_errno($0) } ?? 0
    return sqlite(code, systemError: systemError, cause: "SQLite \(code): \(words)")
  }

  static func sqlite(_ code: Int32, systemError: Int32, cause: String) -> RegistryError {
    switch code & 0xFF {
    case SQLITE_FULL:
      return .full(cause)
    case SQLITE_IOERR where [ENOSPC, EDQUOT].contains(systemError):
      // Not every path of SQLite maps a full disk to SQLITE_FULL: growing the shared memory file does not.
      return .full(cause)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_INTERRUPT, SQLITE_PROTOCOL:
      return RegistryError(.unavailable, "the node's catalogue is busy; try again", cause: cause)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return .damaged(cause)
    case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      return RegistryError(.internal, "the node cannot read or write its catalogue", cause: cause)
    default:
      return RegistryError(.internal, "the node's catalogue failed", cause: cause)
    }
  }

  static func damaged(_ cause: String) -> RegistryError {
    RegistryError(
      .internal, "the node's catalogue is damaged; its operator repairs it with: shoal catalog rebuild", cause: cause)
  }

  private static func full(_ cause: String) -> RegistryError {
    RegistryError(.storageFull, "the node's disk is full; free some space and push again", cause: cause)
  }
}
