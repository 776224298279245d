import Glibc

/// A file with a text in it, gone at the end.
final class TemporaryFile: Sendable {
  let path: String

  convenience init(_ text: String) { self.init(bytes: Array(text.utf8)) }

  init(bytes: [UInt8]) {
    var template = Array("/tmp/shoal-configuration-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    precondition(file >= 0, "no temporary file")
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let count = write(file, bytes, bytes.count)
    precondition(count == bytes.count, "a short write")
    close(file)
  }

  deinit { unlink(path) }
}
