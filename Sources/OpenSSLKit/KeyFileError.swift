import Glibc

/// Why a key's file could not be read or written.
public struct KeyFileError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  /// - Parameter code: of the system's.
  init(_ path: String, _ code: Int32) {
    self.init(path, String(cString: strerror(code)))
  }

  public var description: String { "\(path): \(reason)" }
}
