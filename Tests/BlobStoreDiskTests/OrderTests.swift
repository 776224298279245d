import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// The order of calls that DESIGN §3 asks for, call by call.
@Suite struct OrderTests {
  @Test func anUploadIsWrittenSyncedRenamedAndItsFolderSynced() async throws {
    let (life, files) = try observedLife()
    let bytes = seededBytes(1000, seed: 1)
    let sink = try await life.stores.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
    try await sink.append(bytes)
    try await sink.settle()
    let before = files.stepCount
    _ = try await sink.seal(as: .hashing(bytes))
    let layout = life.stores.layout
    let (staged, blob) = (try layout.upload(ObservedLife.key(1)), layout.blob(.hashing(bytes)))
    #expect(files.records[before - 1].call == "pwritev \(staged)")
    #expect(
      files.records[before...].map(\.call) == [
        "fchmod \(staged)", "fsync \(staged)",
        "mkdir \(layout.blobs)/sha256", "fsync \(layout.blobs)",
        "mkdir \(blob.parentFolder)", "fsync \(layout.blobs)/sha256",
        "rename \(staged) \(blob)", "fsync \(blob.parentFolder)",
      ])
  }

  @Test func aBlobThatIsThereAlreadyHasItsNameSyncedBeforeItIsAcknowledgedAgain() async throws {
    let (life, files) = try observedLife()
    let bytes = seededBytes(1000, seed: 1)
    try await life.put(bytes)
    let folder = life.stores.layout.blobFolder(of: .hashing(bytes))
    try await life.put(bytes)
    #expect(files.records.last?.call == "fsync \(folder)")
    let before = files.stepCount
    try await life.upload(bytes, as: 1)
    let blob = life.stores.layout.blob(.hashing(bytes))
    #expect(
      files.records[before...].map(\.call).suffix(2) == ["rename \(try staged(1, life)) \(blob)", "fsync \(folder)"])
  }

  @Test func aRottenBlobOfAnotherSizeIsReplacedByTheNextUpload() async throws {
    let (life, files) = try observedLife()
    let bytes = seededBytes(1000, seed: 1)
    try await life.put(bytes)
    let file = try files.open(life.stores.layout.blob(.hashing(bytes)), .read)
    try file.write([[1]], at: 1000)
    #expect(!CrashLaws.namesAreTrue(on: files.disk).isEmpty)
    try await life.upload(bytes, as: 1)
    #expect(CrashLaws.namesAreTrue(on: files.disk).isEmpty)
  }

  @Test func aSmallBlobAndAShelfEntryAreWrittenAsideAndSyncedBeforeTheyAreNamed() async throws {
    let (life, files) = try observedLife()
    let layout = life.stores.layout
    let bytes = seededBytes(100, seed: 1)
    try await life.put(bytes)
    try await life.shelve(.hashing(bytes), as: .ociIndex, in: "a")
    let calls = files.records.map(\.call)
    let entry = layout.manifest(.hashing(bytes), of: try RepositoryName(parsing: "a"))
    for (number, path, modes) in [(1, layout.blob(.hashing(bytes)), ["fchmod"]), (2, entry, [])] {
      let aside = layout.temporary(number)
      let first = try #require(calls.firstIndex(of: "create \(aside)"))
      let due =
        ["create", "pwritev"].map { "\($0) \(aside)" } + modes.map { "\($0) \(aside)" }
        + ["fsync \(aside)", "rename \(aside) \(path)", "fsync \(path.parentFolder)"]
      #expect(Array(calls[first...].prefix(due.count)) == due)
    }
  }

  private func staged(_ number: UInt8, _ life: ObservedLife) throws -> String {
    life.stores.layout.upload(try ObservedLife.key(number))
  }
}
