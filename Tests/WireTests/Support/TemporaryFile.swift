import Glibc

@testable import Wire

/// A file that is gone from its folder at once and from the disk with its last owner.
final class TemporaryFile: Sendable {
  struct Failure: Error {}

  let descriptor: Int32

  init(_ bytes: [UInt8]) throws {
    var path = Array("/tmp/wire-test-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw Failure() }
    unlink(path)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw Failure() }
      written += count
    }
  }

  deinit { close(descriptor) }

  func region(_ range: Range<Int>) -> FileRegion {
    FileRegion(descriptor: descriptor, offset: Int64(range.lowerBound), count: Int64(range.count), owner: self)
  }

  /// Out of the page cache: the next read comes from the disk.
  func makeCold() {
    fsync(descriptor)
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
  }
}

/// Bytes of which no two ranges of a megabyte are alike.
func patterned(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ $0 >> 16) }
}

/// A folder that is removed with its owner, for sockets and certificates.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/wire-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TemporaryFile.Failure() }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink("\(path)/\(name)")
    }
    closedir(folder)
    rmdir(path)
  }
}
