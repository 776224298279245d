import Glibc

/// A file in a folder of its own; both are gone with the last reference.
final class TemporaryFile {
  struct Failure: Error {
    let call: String
    let code: Int32
  }

  let folder: String
  let name: String

  init(_ name: String, _ bytes: [UInt8]) throws {
    var template = Array("/tmp/shoal-torrent-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(call: "mkdtemp", code: errno) }
    folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    self.name = name
    try write(bytes, at: 0)
  }

  /// What lies between is a hole.
  func write(_ bytes: [UInt8], at offset: Int) throws {
    let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure(call: "open", code: errno) }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + done, $0.count - done, offset + done) }
      guard written > 0 else { throw Failure(call: "pwrite", code: errno) }
      done += written
    }
  }

  deinit {
    unlink("\(folder)/\(name)")
    rmdir(folder)
  }
}
