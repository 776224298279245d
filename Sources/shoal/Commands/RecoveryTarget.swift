import Glibc

/// A new file for a secret: made before the secret is asked for, readable by its owner alone from the first byte, and never
/// in place of another.
final class RecoveryTarget {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws(CommandFailure) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      let code = errno
      let reason =
        code == EEXIST
        ? "it exists; name a new file (of fleet init: --recovery-file FILE)" : String(cString: strerror(code))
      throw CommandFailure(.failure, "\(path): \(reason)")
    }
  }

  deinit { close(descriptor) }

  /// Safe from a power cut on return.
  func write(_ text: String) throws(CommandFailure) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
      let code = errno
      if count < 0, code == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, count < 0 ? code : ENOSPC) }
      done += count
    }
    guard fsync(descriptor) == 0 else { throw Self.failure(path, errno) }
    try syncFolder()
  }

  /// Nothing was kept in it.
  func discard() { unlink(path) }

  private func syncFolder() throws(CommandFailure) {
    let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw Self.failure(name, errno) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw Self.failure(name, errno) }
  }

  private static func failure(_ path: String, _ code: Int32) -> CommandFailure {
    CommandFailure(.failure, "\(path): \(String(cString: strerror(code)))")
  }
}
