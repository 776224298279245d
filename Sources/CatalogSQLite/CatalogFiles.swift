import Glibc
import RegistryCore

/// The catalogue's file as a file: made, swapped, made durable.
enum CatalogFiles {
  /// Makes the file, readable by its owner only, when there is none; SQLite gives its companions the same mode.
  /// - Returns: whether it was made.
  static func create(_ path: String) throws(RegistryError) -> Bool {
    let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    let code = errno
    if file < 0 {
      if code == EEXIST { return false }
      throw .file(code, "create", path)
    }
    close(file)
    try syncFolder(of: path)
    return true
  }

  /// Makes the names in a file's folder durable.
  static func syncFolder(of path: String) throws(RegistryError) {
    let folder = folder(of: path)
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw .file(errno, "open", folder) }
    let result = fsync(descriptor)
    let code = errno
    close(descriptor)
    if result != 0 { throw .file(code, "fsync", folder) }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension RegistryError {
  static func file(_ code: Int32, _ verb: String, _ path: String) -> RegistryError {
    let cause = "\(verb) \(path): \(String(cString: strerror(code)))"
    if code == ENOSPC || code == EDQUOT {
      return RegistryError(.storageFull, "the node's disk is full; free some space", cause: cause)
    }
    return RegistryError(.internal, "the node cannot read or write its catalogue", cause: cause)
  }
}
