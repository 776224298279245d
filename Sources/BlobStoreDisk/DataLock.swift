import Glibc
import RegistryCore

/// The right to write in a data folder: one process at a time, let go by the kernel however that process ends.
final class DataLock: Sendable {
  private let descriptor: Int32

  /// Blocks on nothing: refuses at once when another process has it, with that one's pid.
  init(path: String) throws(RegistryError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .unusable(FileFailure("open", errno)) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.pid(in: descriptor)
      close(descriptor)
      throw code == EWOULDBLOCK ? Self.held(by: holder) : RegistryError(FileFailure("flock", code))
    }
    do {
      try Self.write(pid: getpid(), to: descriptor)
    } catch {
      close(descriptor)
      throw .unusable(error)
    }
    self.descriptor = descriptor
  }

  // The file stays: unlinking it would let a third process lock a new one while a second waits for the old.
  // Unlocked by word, not by closing alone: a child that is between fork and exec has the descriptor too.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func write(pid: pid_t, to descriptor: Int32) throws(FileFailure) {
    guard ftruncate(descriptor, 0) == 0 else { throw FileFailure("ftruncate", errno) }
    let text = Array("\(pid)\n".utf8)
    let written = pwrite(descriptor, text, text.count, 0)
    let code = errno
    guard written == text.count else { throw FileFailure("pwrite", written < 0 ? code : ENOSPC) }
  }

  private static func pid(in descriptor: Int32) -> pid_t? {
    var text = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &text, text.count, 0)
    guard count > 0 else { return nil }
    return pid_t(String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }

  private static func held(by pid: pid_t?) -> RegistryError {
    let holder = pid.map { "process \($0)" } ?? "another process"
    return RegistryError(
      .unavailable, "\(holder) uses this data folder; stop it, or give this node another folder",
      detail: pid.map { ["\($0)"] } ?? [])
  }
}
