import Glibc

/// What went wrong around a test, in words.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A failed system call. Make it on the line after the call: `errno` is read here.
  init(errno call: String) {
    let code = errno
    description = "\(call): \(String(cString: strerror(code)))"
  }
}
