import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// What the contract of fetches cannot say: order of calls, failures of the disk, what is swept.
@Suite struct FetchTests {
  private static let bytes = seededBytes(5000, seed: 1)
  private static let digest = Digest.hashing(bytes)

  @Test func aFetchIsSyncedRenamedAndItsFolderSyncedBeforeItsNoteGoes() async throws {
    let (life, files) = try observedLife()
    let sink = try await staged(in: life, files)
    let before = files.stepCount
    _ = try await sink.seal()
    await sink.cancel()
    let layout = life.stores.layout
    let (staged, blob) = (layout.fetch(Self.digest), layout.blob(Self.digest))
    #expect(
      files.records[before...].map(\.call) == [
        "fchmod \(staged)", "fsync \(staged)",
        "mkdir \(layout.blobs)/sha256", "fsync \(layout.blobs)",
        "mkdir \(blob.parentFolder)", "fsync \(layout.blobs)/sha256",
        "rename \(staged) \(blob)", "fsync \(blob.parentFolder)",
        "unlink \(layout.fetchNote(Self.digest))",
      ])
  }

  @Test func theNoteIsDurableBeforeAFetchBegins() async throws {
    let (life, files) = try observedLife()
    let before = files.stepCount
    _ = try await life.stores.fetches.begin(Self.digest, size: 5000, note: [1])
    let layout = life.stores.layout
    let (aside, staged, note) = (layout.temporary(1), layout.fetch(Self.digest), layout.fetchNote(Self.digest))
    #expect(
      files.records[before...].map(\.call) == [
        "create \(staged)", "ftruncate \(staged)", "create \(aside)", "pwritev \(aside)", "fsync \(aside)",
        "rename \(aside) \(note)", "fsync \(layout.fetches)",
      ])
  }

  @Test(arguments: ["fchmod", "fsync", "rename", "mkdir", "pread"])
  func aDiskThatFailsAtTheSealNamesNothingAndTheNextFetchIsServed(_ call: String) async throws {
    let (life, files) = try observedLife()
    let sink = try await staged(in: life, files)
    files.fail(call, with: call == "pread" ? EIO : ENOSPC)
    let refused = await refusal { () throws(RegistryError) in _ = try await sink.seal() }
    #expect(refused?.code == (call == "pread" ? .internal : .storageFull))
    files.fail(call, with: nil)
    await sink.cancel()
    #expect(CrashLaws.namesAreTrue(on: files.disk).isEmpty)
    #expect(stagedFiles(files) == [])
    _ = try await staged(in: life, files).seal()
    #expect(try await life.stores.blobs.size(of: Self.digest) == 5000)
  }

  @Test func aFullDiskAtTheBeginningIsSaidAndLeavesNothingToGoOnWith() async throws {
    for call in ["create", "ftruncate", "pwritev", "rename"] {
      let (life, files) = try observedLife()
      files.fail(call == "create" ? "open" : call, with: ENOSPC)
      let refused = await refusal { () throws(RegistryError) in
        _ = try await life.stores.fetches.begin(Self.digest, size: 5000, note: [1])
      }
      #expect(refused?.code == .storageFull, "\(call)")
      files.fail(call == "create" ? "open" : call, with: nil)
      let next = try ObservedLife(on: files, history: life.history)
      #expect(try await next.stores.fetches.unfinished() == [])
      #expect(stagedFiles(files) == [], "\(call)")
    }
  }

  /// After a failed sync the kernel may call bytes clean that never reached the disk.
  @Test func aFetchThatWasBeingSealedBeginsAnewInTheNextLife() async throws {
    let (life, files) = try observedLife()
    let sink = try await staged(in: life, files)
    files.fail("fsync", with: EIO)
    #expect(await refusal { () throws(RegistryError) in _ = try await sink.seal() }?.code == .internal)
    files.fail("fsync", with: nil)
    let next = try ObservedLife(on: files, history: life.history)
    #expect(try await next.stores.fetches.unfinished().map(\.digest) == [Self.digest])
    let again = try await next.stores.fetches.begin(Self.digest, size: 5000, note: [1])
    #expect(try await again.read(from: 0, count: 5000) == [UInt8](repeating: 0, count: 5000))
  }

  @Test func strayFilesAreSweptAtTheStart() async throws {
    let (life, files) = try observedLife()
    let layout = life.stores.layout
    _ = try await staged(in: life, files)
    for path in [layout.fetch(.hashing([1])), layout.fetches + "/stray", layout.fetches + "/sha256-.note"] {
      _ = try files.open(path, .create)
    }
    let next = try ObservedLife(on: files, history: life.history)
    #expect(try await next.stores.fetches.unfinished().map(\.digest) == [Self.digest])
    #expect(Set(stagedFiles(files)) == [layout.fetch(Self.digest), layout.fetchNote(Self.digest)])
  }

  @Test func aNoteThatIsTooLargeIsRefused() async throws {
    let (life, _) = try observedLife()
    let note = [UInt8](repeating: 0, count: DiskFetchStore.noteBytesLimit + 1)
    let refused = await refusal { () throws(RegistryError) in
      _ = try await life.stores.fetches.begin(Self.digest, size: 5000, note: note)
    }
    #expect(refused?.code == .sizeInvalid)
  }

  /// A crash after any step of a fetch: the names are true, and the fetch goes on, is whole, or is gone.
  @Test(arguments: Survival.allCases)
  func aFetchSurvivesACrashAtAnyStep(_ survival: Survival) async throws {
    let (life, files) = try observedLife()
    let sink = try await staged(in: life, files)
    _ = try await sink.seal()
    await sink.cancel()
    for steps in 0...files.stepCount {
      let disk = files.origin.crashed(
        after: files.records.prefix(steps).map(\.step), keeping: survival, seed: UInt64(steps))
      let left = RecordingFileSystem(origin: disk)
      let next = try ObservedLife(on: left, history: CrashHistory(files: left))
      #expect(CrashLaws.namesAreTrue(on: left.disk).isEmpty, "after \(steps) steps")
      for unfinished in try await next.stores.fetches.unfinished() {
        #expect(unfinished == UnfinishedFetch(digest: Self.digest, size: 5000, note: [1]))
        _ = try await staged(in: next, left).seal()
        #expect(try await next.stores.blobs.size(of: Self.digest) == 5000, "after \(steps) steps")
      }
    }
  }

  /// A fetch all of whose bytes are in its file.
  private func staged(in life: ObservedLife, _ files: RecordingFileSystem) async throws -> any FetchSink {
    let sink = try await life.stores.fetches.begin(Self.digest, size: 5000, note: [1])
    try files.open(life.stores.layout.fetch(Self.digest), .readAndWrite).write([Self.bytes], at: 0)
    return sink
  }

  private func stagedFiles(_ files: RecordingFileSystem) -> [String] {
    files.disk.everyFile().map(\.path).filter { $0.contains("/staging/fetch") }
  }
}
