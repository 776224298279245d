import Glibc

/// Small files of the person at the command line, read or written whole.
enum WholeFile {
  /// Beside its name first, so that nobody finds half a file.
  static func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
    let draft = "\(path).\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    let code = errno
    guard file >= 0 else { throw failure("written", path, code) }
    var problem = writeAll(bytes, to: file)
    if close(file) != 0, problem == 0 { problem = errno }
    if problem == 0, rename(draft, path) != 0 { problem = errno }
    guard problem == 0 else {
      unlink(draft)
      throw failure("written", path, problem)
    }
  }

  static func read(_ path: String, atMost limit: Int) throws(CommandFailure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    let code = errno
    guard file >= 0 else { throw failure("read", path, code) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= limit {
      let count = Glibc.read(file, &room, room.count)
      let code = errno
      if count == 0 { return bytes }
      if count > 0 {
        bytes += room[..<count]
      } else if code != EINTR {
        throw failure("read", path, code)
      }
    }
    throw CommandFailure(.failure, "\(path) is larger than \(Amount.bytes(Int64(limit))): is it the right file?")
  }

  /// 0, or what went wrong.
  private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      let code = errno
      if count < 0, code == EINTR { continue }
      guard count >= 0 else { return code }
      rest = rest.dropFirst(count)
    }
    return 0
  }

  private static func failure(_ verb: String, _ path: String, _ code: Int32) -> CommandFailure {
    CommandFailure(.failure, "\(path) cannot be \(verb): \(String(cString: strerror(code)))")
  }
}
