import Glibc
import RegistryCore

/// One catalogue into another's place.
extension CatalogFiles {
  private static let logSuffix = "-wal"
  private static let memorySuffix = "-shm"

  /// Puts the closed database `new` at `path` and keeps what was there, with its log file, beside it.
  ///
  /// The old log goes before the new database comes: SQLite would replay it into whatever lies at `path`. A crash in
  /// between leaves no catalogue at `path`, which the next start sees and says; it never leaves a wrong one.
  /// - Returns: where the old one is kept; `nil` when there was none.
  static func swap(_ new: String, into path: String, milliseconds: Int64) throws(RegistryError) -> String? {
    guard access(new + logSuffix, F_OK) != 0 else {
      throw RegistryError(
        .internal, "the new catalogue could not be closed; the old one stays", cause: "\(new)\(logSuffix) is left")
    }
    var kept: String?
    if access(path, F_OK) == 0 {
      let name = freeName(path, milliseconds: milliseconds)
      try move(path, to: name)
      try moveUnlessEmpty(path + logSuffix, to: name + logSuffix)
      kept = name
    }
    try removeIfThere(path + logSuffix)
    try removeIfThere(path + memorySuffix)
    try move(new, to: path)
    try syncFolder(of: path)
    return kept
  }

  /// Removes a database and its companions.
  static func remove(_ path: String) throws(RegistryError) {
    for name in [path + logSuffix, path + memorySuffix, path] { try removeIfThere(name) }
  }

  /// `catalog.sqlite.before-rebuild-20260131T235959Z`, with a number behind it when that is taken.
  private static func freeName(_ path: String, milliseconds: Int64) -> String {
    let stem = "\(path).before-rebuild-\(utc(milliseconds: milliseconds))"
    var name = stem
    var number = 2
    while access(name, F_OK) == 0 {
      name = "\(stem)-\(number)"
      number += 1
    }
    return name
  }

  private static func utc(milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func move(_ from: String, to: String) throws(RegistryError) {
    if rename(from, to) != 0 { throw .file(errno, "rename", from) }
  }

  /// An empty log says nothing: whoever only read the database left it.
  private static func moveUnlessEmpty(_ from: String, to: String) throws(RegistryError) {
    var status = stat()
    if stat(from, &status) != 0 {
      let code = errno
      if code == ENOENT { return }
      throw .file(code, "stat", from)
    }
    if status.st_size > 0 { try move(from, to: to) }
  }

  private static func removeIfThere(_ path: String) throws(RegistryError) {
    if unlink(path) == 0 { return }
    let code = errno
    if code != ENOENT { throw .file(code, "unlink", path) }
  }
}
