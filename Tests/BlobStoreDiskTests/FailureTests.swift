import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// What a failing disk looks like from above: never "absent", never half a blob, and the next call is served.
@Suite struct FailureTests {
  @Test(arguments: [
    (ENOSPC, RegistryError.Code.storageFull), (EDQUOT, .storageFull), (EFBIG, .storageFull), (EMFILE, .unavailable),
    (ENFILE, .unavailable), (EIO, .internal), (EACCES, .internal), (EROFS, .internal), (ENOENT, .internal),
  ])
  func aFailedCallSaysWhatToDoAndKeepsItsReasonForTheLog(_ code: Int32, _ due: RegistryError.Code) {
    let error = RegistryError(FileFailure("pwritev", code))
    #expect(error.code == due)
    #expect(error.cause?.contains(String(cString: strerror(code))) == true)
    #expect(!error.message.contains("/"))
  }

  @Test(arguments: [("open", EIO), ("open", EMFILE), ("open", EACCES), ("lstat", EIO), ("opendir", EIO)])
  func aBlobThatCannotBeReachedIsNotAbsent(_ call: String, _ code: Int32) async throws {
    let (life, files) = try observedLife()
    try await life.put([1, 2, 3])
    files.fail(call, with: code)
    let blobs = life.stores.blobs
    let digest = Digest.hashing([1, 2, 3])
    let refused =
      switch call {
      case "open": await refusal { () throws(RegistryError) in _ = try await blobs.open(digest) }
      case "lstat": await refusal { () throws(RegistryError) in _ = try await blobs.size(of: digest) }
      default: await refusal { () throws(RegistryError) in _ = try await blobs.blobs(onShelf: digest.hash[0]) }
      }
    #expect(refused?.code == RegistryError(FileFailure(call, code)).code)
  }

  @Test(arguments: ["pwritev", "fchmod", "fsync", "rename", "fsync folder", "mkdir"])
  func aFullDiskEndsAnUploadAndTheNextOneIsServed(_ call: String) async throws {
    let (life, files) = try observedLife()
    try await life.put([1])
    files.fail(call, with: ENOSPC)
    let bytes = seededBytes(5000, seed: 1)
    let sink = try await life.stores.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
    let refused = await refusal { () throws(RegistryError) in
      try await sink.append(bytes)
      _ = try await sink.seal(as: .hashing(bytes))
    }
    #expect(refused?.code == .storageFull)
    await sink.cancel()
    #expect(CrashLaws.namesAreTrue(on: files.disk).isEmpty)
    #expect(stagedFiles(files) == [])
    files.fail(call, with: nil)
    try await life.upload(bytes, as: 2)
    #expect(try await life.stores.blobs.size(of: .hashing([1])) == 1)
  }

  @Test func anUploadThatFailedTakesNothingMoreAndSaysWhy() async throws {
    let (life, files) = try observedLife()
    let sink = try await life.send(seededBytes(3000, seed: 1), as: 1)
    try await sink.settle()
    files.fail("pwritev", with: EIO)
    try await sink.append([1])
    for _ in 0..<2 {
      #expect(await refusal { () throws(RegistryError) in try await sink.settle() }?.code == .internal)
    }
    files.fail("pwritev", with: nil)
    #expect(await refusal { () throws(RegistryError) in try await sink.append([1]) }?.code == .internal)
    let seal = await refusal { () throws(RegistryError) in _ = try await sink.seal(as: .hashing([1])) }
    #expect(seal?.code == .internal)
  }

  /// After a failed fsync the kernel may call the bytes clean: a second one that succeeds proves nothing.
  @Test func anUploadWhoseSyncFailedIsNeitherSealedAgainNorResumed() async throws {
    let (life, files) = try observedLife()
    let bytes = seededBytes(3000, seed: 1)
    let sink = try await life.send(bytes, as: 1)
    files.fail("fsync", with: EIO)
    #expect(
      await refusal { () throws(RegistryError) in _ = try await sink.seal(as: .hashing(bytes)) }?.code == .internal)
    files.fail("fsync", with: nil)
    let again = await refusal { () throws(RegistryError) in _ = try await sink.seal(as: .hashing(bytes)) }
    #expect(again?.code == .uploadUnknown)
    let next = try ObservedLife(on: files, history: life.history)
    #expect(try await next.stores.uploads.resume(ObservedLife.key(1), algorithm: .sha256) == nil)
    #expect(stagedFiles(files) == [])
  }

  @Test(arguments: ["pwritev", "fsync", "rename"])
  func aSmallBlobThatCannotBeStoredLeavesNothingBehind(_ call: String) async throws {
    let (life, files) = try observedLife()
    files.fail(call, with: ENOSPC)
    let (blobs, shelf) = (life.stores.blobs, life.stores.shelf)
    let repository = try RepositoryName(parsing: "a")
    let refusals = [
      await refusal { () throws(RegistryError) in try await blobs.put([1], as: .hashing([1])) },
      await refusal { () throws(RegistryError) in try await shelf.shelve(.hashing([1]), as: .ociIndex, in: repository)
      },
    ]
    #expect(refusals.map { $0?.code } == [.storageFull, .storageFull])
    #expect(files.disk.everyFile().map(\.path) == [])
  }

  @Test func whatAnEarlierLifeLeftHalfWrittenIsSweptAtTheStart() async throws {
    let (life, files) = try observedLife()
    files.fail("fsync", with: EIO)
    files.fail("unlink", with: EIO)
    let blobs = life.stores.blobs
    #expect(await refusal { () throws(RegistryError) in try await blobs.put([1], as: .hashing([1])) } != nil)
    #expect(files.disk.everyFile().count == 1)
    for call in ["fsync", "unlink"] { files.fail(call, with: nil) }
    _ = try ObservedLife(on: files, history: life.history)
    #expect(files.disk.everyFile().count == 0)
  }

  private func stagedFiles(_ files: RecordingFileSystem) -> [String] {
    files.disk.everyFile().map(\.path).filter { $0.contains("/staging/") }
  }
}

/// The stores over a file system in memory.
func observedLife() throws -> (ObservedLife, RecordingFileSystem) {
  let files = RecordingFileSystem()
  return (try ObservedLife(on: files, history: CrashHistory(files: files)), files)
}
