import BlockingWork
import Glibc
import RegistryCore
import RegistryTesting

@testable import BlobStoreDisk

/// A folder that is there for the length of a test; in memory where there is such a place, since what a real disk does
/// with a sync is not seen from here.
func withScratchFolder<Success>(_ body: (String) async throws -> Success) async throws -> Success {
  let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
  var template = Array("\(base)/shoal-disk-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: errno \(errno)") }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { removeTree(path) }
  return try await body(path)
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func removeTree(_ path: String) {
  let files = LinuxFileSystem()
  for name in (try? files.names(in: path)) ?? [] {
    let inner = "\(path)/\(name)"
    if (try? files.status(of: inner))?.kind == .folder { removeTree(inner) } else { unlink(inner) }
  }
  rmdir(path)
}

/// One data folder through several lives of its node, each ended before the next begins.
final class DiskLives: Sendable {
  private let path: String
  private let current = Lock<DiskDataFolder?>(nil)

  init(path: String) { self.path = path }

  func nextFetching() throws -> FetchPorts {
    let folder = try begin()
    return FetchPorts(fetches: folder.fetches, blobs: folder.blobs, nextLife: { try self.nextFetching() })
  }

  func next() throws -> UploadPorts {
    let folder = try begin()
    return UploadPorts(
      uploads: folder.uploads, blobs: folder.blobs, nextLife: { try self.next() },
      age: { key, seconds in
        let then = timespec(tv_sec: time(nil) - seconds, tv_nsec: 0)
        let code = utimensat(AT_FDCWD, folder.layout.upload(key), [then, then], 0)
        if code != 0 { throw TestFailure("utimensat: errno \(errno)") }
      })
  }

  private func begin() throws -> DiskDataFolder {
    end()
    let folder = try DiskDataFolder.open(path)
    current.withLock { $0 = folder }
    return folder
  }

  func end() {
    current.withLock { $0.take() }?.close()
  }
}
