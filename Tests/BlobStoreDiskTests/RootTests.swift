import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// Root lies about permissions and full disks: here a disk is really full, a user really another, and descriptors run
/// out. Each needs a right of root's; without it the test says so and is skipped.
@Suite struct RootTests {
  /// `nobody`
  private static let otherUser: uid_t = 65534

  @Test(.enabled(if: canMount, "mounts a tmpfs: needs root with CAP_SYS_ADMIN"))
  func aDiskThatIsFullRefusesAndLosesNothing() async throws {
    try await withSmallDisk { path in
      let folder = try DiskDataFolder.open(path + "/data")
      defer { folder.close() }
      let kept = seededBytes(1 << 20, seed: 1)
      try await folder.blobs.put(kept, as: .hashing(kept))
      let sink = try await folder.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
      let chunk = seededBytes(256 << 10, seed: 2)
      let refused = await refusal { () throws(RegistryError) in
        for _ in 0..<400 { try await sink.append(chunk) }
        try await sink.settle()
      }
      #expect(refused?.code == .storageFull)
      let small = await refusal { () throws(RegistryError) in try await folder.blobs.put(chunk, as: .hashing(chunk)) }
      #expect(small?.code == .storageFull)
      await sink.cancel()
      #expect(try LinuxFileSystem().names(in: folder.layout.uploads) == [])
      #expect(try LinuxFileSystem().names(in: folder.layout.temporaries) == [])
      let reader = try #require(try await folder.blobs.open(.hashing(kept)))
      #expect(try await reader.read(from: 0, count: kept.count) == kept)
      try await folder.blobs.put(chunk, as: .hashing(chunk))
    }
  }

  @Test(.enabled(if: canMount, "mounts a tmpfs: needs root with CAP_SYS_ADMIN"))
  func aReadOnlyDiskIsNamedAsSuch() async throws {
    try await withSmallDisk { path in
      #expect(mount(nil, path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
      let refused = await refusal { () throws(RegistryError) in _ = try DiskDataFolder.open(path + "/data") }
      #expect(refused?.message.contains("read-only") == true)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "becomes another user: needs root"))
  func aFolderOfAnotherUsersIsNamedAsSuch() async {
    await #expect(processExitsWith: .success) {
      try await withScratchFolder { path in
        seteuid(Self.otherUser)
        let refused = await refusal { () throws(RegistryError) in _ = try DiskDataFolder.open(path) }
        seteuid(0)
        guard refused?.message.contains("may not write") == true else { throw TestFailure("\(refused as Any)") }
      }
    }
  }

  /// Blobs are read-only also to their owner: another who is not root can go on where it left off.
  @Test(.enabled(if: geteuid() == 0, "becomes another user: needs root"))
  func aUserWhoIsNotRootCanDoEverything() async {
    await #expect(processExitsWith: .success) {
      try await withScratchFolder { path in
        chown(path, Self.otherUser, Self.otherUser)
        seteuid(Self.otherUser)
        defer { seteuid(0) }
        let lives = DiskLives(path: path + "/data")
        defer { lives.end() }
        for clause in UploadStoreContract.clauses where clause.description.contains("Again") {
          try await clause.check(try lives.next())
        }
        for clause in BlobStoreContract.clauses where clause.description.contains("Quarantined") {
          try await clause.check(try DiskDataFolder.open(path + "/other").blobs)
        }
      }
    }
  }

  @Test func uploadsThatWaitHoldNoDescriptorsAndRunningOutOfThemIsSaid() async {
    await #expect(processExitsWith: .success) {
      try await withScratchFolder { path in
        let folder = try DiskDataFolder.open(path)
        var limit = rlimit(rlim_cur: 64, rlim_max: 64)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { throw TestFailure("rlimit") }
        var waiting: [any UploadSink] = []
        for number: UInt8 in 0..<200 {
          let sink = try await folder.uploads.begin(ObservedLife.key(number), algorithm: .sha256)
          try await sink.append([number])
          try await sink.settle()
          waiting.append(sink)
        }
        try await folder.blobs.put([1], as: .hashing([1]))
        var readers: [any BlobReader] = []
        let refused = await refusal { () throws(RegistryError) in
          while readers.count < 100 {
            if let reader = try await folder.blobs.open(.hashing([1])) { readers.append(reader) }
          }
        }
        guard refused?.code == .unavailable else { throw TestFailure("\(refused as Any)") }
        readers = []
        for (number, sink) in waiting.enumerated() { _ = try await sink.seal(as: .hashing([UInt8(number)])) }
      }
    }
  }
}

/// Whether this process may mount.
private let canMount: Bool = {
  var template = Array("/tmp/shoal-mount-XXXXXX".utf8CString)
  guard geteuid() == 0, mkdtemp(&template) != nil else { return false }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { rmdir(path) }
  guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return false }
  umount2(path, Int32(MNT_DETACH))
  return true
}()

/// A disk of 64 MB.
private func withSmallDisk(_ body: (String) async throws -> Void) async throws {
  try await withScratchFolder { path in
    guard mount("tmpfs", path, "tmpfs", 0, "size=64m") == 0 else { throw TestFailure("mount: errno \(errno)") }
    defer { umount2(path, Int32(MNT_DETACH)) }
    try await body(path)
  }
}
