import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

@Suite struct DataFolderTests {
  @Test func aMissingFolderIsMadeWithThoseAboveItForThisUserAlone() async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path + "/a/b/")
      defer { folder.close() }
      #expect(folder.layout.root == path + "/a/b")
      for made in ["", "/blobs", "/staging/uploads", "/shelf"] {
        #expect(try mode(of: folder.layout.root + made) == 0o700)
      }
      #expect(try mode(of: folder.layout.lock) == 0o600)
    }
  }

  @Test func blobsAreReadOnlyAndUploadsAreTheirOwnersAlone() async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path)
      defer { folder.close() }
      let sink = try await folder.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
      #expect(try mode(of: folder.layout.upload(ObservedLife.key(1))) == 0o600)
      try await sink.append([1])
      _ = try await sink.seal(as: .hashing([1]))
      try await folder.blobs.put([2], as: .hashing([2]))
      for bytes: [UInt8] in [[1], [2]] { #expect(try mode(of: folder.layout.blob(.hashing(bytes))) == 0o444) }
    }
  }

  @Test func aSecondTakerIsToldWhoHasTheFolder() async throws {
    try await withScratchFolder { path in
      let first = try DiskDataFolder.open(path)
      let refused = await refusal { () throws(RegistryError) in _ = try DiskDataFolder.open(path) }
      #expect(refused?.code == .unavailable)
      #expect(refused?.message.contains("process \(getpid())") == true)
      #expect(refused?.detail == ["\(getpid())"])
      for _ in 0..<2 { first.close() }
      try DiskDataFolder.open(path).close()
    }
  }

  @Test func aFolderBehindASymbolicLinkIsAsGood() async throws {
    try await withScratchFolder { path in
      #expect(mkdir(path + "/real", 0o700) == 0 && symlink("real", path + "/link") == 0)
      let folder = try DiskDataFolder.open(path + "/link")
      defer { folder.close() }
      try await folder.blobs.put([1], as: .hashing([1]))
      #expect(try await folder.blobs.size(of: .hashing([1])) == 1)
    }
  }

  @Test func whatIsNoFolderIsNamedAsSuch() async throws {
    try await withScratchFolder { path in
      try writeFile(path + "/file")
      mkdir(path + "/data", 0o700)
      try writeFile(path + "/data/blobs")
      for place in ["/file", "/file/below", "/data"] {
        let refused = await refusal { () throws(RegistryError) in _ = try DiskDataFolder.open(path + place) }
        #expect(refused?.message.contains("is not a folder") == true, "\(place)")
      }
      // Whoever was refused holds no lock.
      unlink(path + "/data/blobs")
      try DiskDataFolder.open(path + "/data").close()
    }
  }

  @Test func strayFilesAreNobodysBlobs() async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path)
      defer { folder.close() }
      let digest = Digest.hashing([1])
      try await folder.blobs.put([1], as: digest)
      let shelf = folder.layout.blobFolder(of: digest)
      for name in ["README", String(digest.hex.dropLast()), digest.hex.uppercased() + "x", digest.hex + ".tmp"] {
        try writeFile("\(shelf)/\(name)")
      }
      #expect(try await folder.blobs.blobs(onShelf: digest.hash[0]) == [StoredBlob(digest: digest, size: 1)])
      try writeFile(folder.layout.uploads + "/stray")
      #expect(try await folder.uploads.sweep(idleForSeconds: 60, keeping: []) == 0)
      #expect(try await folder.uploads.sweep(idleForSeconds: 0, keeping: []) == 1)
    }
  }

  @Test func aBlobThatWasCutShortIsAnErrorToItsReader() async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path)
      defer { folder.close() }
      try await folder.blobs.put([1, 2, 3], as: .hashing([1, 2, 3]))
      let reader = try #require(try await folder.blobs.open(.hashing([1, 2, 3])))
      #expect(truncate(folder.layout.blob(.hashing([1, 2, 3])), 1) == 0)
      let refused = await refusal { () throws(RegistryError) in _ = try await reader.read(from: 0, count: 3) }
      #expect(refused?.code == .internal)
    }
  }

  private func mode(of path: String) throws -> mode_t {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { throw TestFailure("\(path): errno \(errno)") }
    return facts.st_mode & 0o777
  }

  private func writeFile(_ path: String) throws {
    _ = try LinuxFileSystem().open(path, .create)
  }
}
