import BlockingWork
import RegistryCore
import RegistryTesting

@testable import BlobStoreDisk

/// What was asked of a store and what it acknowledged, each with the number of steps that the disk had taken by then.
final class CrashHistory: Sendable {
  struct Shelved: Hashable, Sendable {
    let repository: RepositoryName
    let digest: Digest
  }

  enum Event: Sendable {
    case storing([UInt8])
    case stored(Digest, [UInt8])
    case removing(Digest)
    case uploading(UploadKey, [UInt8])
    case shelving(Shelved, MediaType?)
    case shelved(Shelved, MediaType?)
  }

  private let events = Lock<[(step: Int, event: Event)]>([])
  private let files: RecordingFileSystem
  private let past: Expectation

  /// - Parameter past: what earlier lives leave to be expected.
  init(files: RecordingFileSystem, past: Expectation = Expectation()) {
    self.files = files
    self.past = past
  }

  func note(_ event: Event) {
    let step = files.stepCount
    events.withLock { $0.append((step, event)) }
  }

  /// What must be so, and what may be, when the disk stops after so many steps.
  func expectation(afterSteps steps: Int) -> Expectation {
    var expectation = past
    for (step, event) in events.withLock({ $0 }) where step <= steps { expectation.add(event) }
    return expectation
  }
}

struct Expectation: Sendable {
  private(set) var blobs: [Digest: [UInt8]] = [:]
  private(set) var uploads: [UploadKey: [UInt8]] = [:]
  /// All bytes that were ever put.
  private(set) var puts: Set<[UInt8]> = []
  /// What each shelf entry may say now; `nil`: that it is not there.
  private(set) var shelf: [CrashHistory.Shelved: Set<MediaType?>] = [:]

  mutating func add(_ event: CrashHistory.Event) {
    switch event {
    case .storing(let bytes): puts.insert(bytes)
    case .stored(let digest, let bytes): blobs[digest] = bytes
    case .removing(let digest): blobs[digest] = nil
    case .uploading(let key, let bytes): uploads[key] = bytes
    case .shelving(let entry, let mediaType): shelf[entry, default: [nil]].insert(mediaType)
    case .shelved(let entry, let mediaType): shelf[entry] = [mediaType]
    }
  }
}

/// A life of a store under observation: everything that its ports can do, small.
struct ObservedLife: Sendable {
  let stores: DiskDataFolder
  let history: CrashHistory

  /// All crash tests share these; they live as long as the test process.
  private static let threads = DiskThreads(cores: 2)
  static let dataFolder = "/srv/data"

  init(on files: any FileSystem, history: CrashHistory) throws {
    let layout = DiskLayout(root: Self.dataFolder)
    let folders = DurableFolders(files: files, root: layout.root)
    try folders.makeRoot()
    stores = try DiskDataFolder(layout: layout, files: files, folders: folders, lock: nil, threads: Self.threads)
    self.history = history
  }

  func put(_ bytes: [UInt8]) async throws {
    history.note(.storing(bytes))
    try await stores.blobs.put(bytes, as: .hashing(bytes))
    history.note(.stored(.hashing(bytes), bytes))
  }

  func remove(_ bytes: [UInt8]) async throws {
    history.note(.removing(.hashing(bytes)))
    _ = try await stores.blobs.remove(.hashing(bytes))
  }

  func setAside(_ bytes: [UInt8]) async throws {
    history.note(.removing(.hashing(bytes)))
    _ = try await stores.blobs.quarantine(.hashing(bytes))
  }

  /// Sends the bytes in chunks, with a pause after the second.
  func send(_ bytes: [UInt8], as number: UInt8, expecting algorithm: Digest.Algorithm = .sha256)
    async throws -> any UploadSink
  {
    let key = try Self.key(number)
    history.note(.uploading(key, bytes))
    let sink = try await stores.uploads.begin(key, algorithm: algorithm)
    for (turn, at) in stride(from: 0, to: bytes.count, by: 700).enumerated() {
      try await sink.append(Array(bytes[at..<min(bytes.count, at + 700)]))
      if turn == 1 { try await sink.settle() }
    }
    return sink
  }

  func upload(_ bytes: [UInt8], as number: UInt8, sealedBy algorithm: Digest.Algorithm = .sha256) async throws {
    let sink = try await send(bytes, as: number)
    _ = try await sink.seal(as: .hashing(bytes, algorithm))
    history.note(.stored(.hashing(bytes, algorithm), bytes))
  }

  func shelve(_ digest: Digest, as mediaType: MediaType, in repository: String) async throws {
    let entry = CrashHistory.Shelved(repository: try RepositoryName(parsing: repository), digest: digest)
    history.note(.shelving(entry, mediaType))
    try await stores.shelf.shelve(digest, as: mediaType, in: entry.repository)
    history.note(.shelved(entry, mediaType))
  }

  func unshelve(_ digest: Digest, from repository: String) async throws {
    let entry = CrashHistory.Shelved(repository: try RepositoryName(parsing: repository), digest: digest)
    history.note(.shelving(entry, nil))
    try await stores.shelf.unshelve(digest, from: entry.repository)
    history.note(.shelved(entry, nil))
  }

  /// What clients do who had no answer, or ask once more for what they had: the same again, and something new.
  func doAgain(_ expectation: Expectation) async throws {
    for bytes in expectation.puts { try await put(bytes) }
    for (number, bytes) in Set(expectation.uploads.values).sorted(by: { $0.count < $1.count }).enumerated() {
      try await upload(bytes, as: UInt8(100 + number))
    }
    for (entry, allowed) in expectation.shelf {
      guard let mediaType = allowed.compactMap(\.self).min(by: { $0.text < $1.text }) else { continue }
      try await shelve(entry.digest, as: mediaType, in: entry.repository.text)
    }
    try await put([1, 2, 3])
  }

  static func key(_ number: UInt8) throws -> UploadKey {
    UploadKey(
      repository: try RepositoryName(parsing: "team/app"),
      id: UploadID(random: [UInt8](repeating: number, count: UploadID.byteCount)))
  }
}

extension ObservedLife {
  /// A day of a small registry.
  func liveThrough() async throws {
    let (small, large, other) = (seededBytes(300, seed: 1), seededBytes(4000, seed: 2), seededBytes(2500, seed: 3))
    try await put(small)
    try await upload(large, as: 1)
    try await upload(large, as: 2)
    _ = try await send(other, as: 3).settle()
    try await upload(other, as: 4, sealedBy: .sha512)
    try await shelve(.hashing(small), as: .ociManifest, in: "team/app")
    try await shelve(.hashing(small), as: .ociIndex, in: "team/app")
    try await shelve(.hashing(other), as: .ociIndex, in: "team/app/nested")
    try await remove(small)
    await (try send(small, as: 5)).cancel()
    try await put(small)
    try await unshelve(.hashing(small), from: "team/app")
    try await upload([], as: 6)
    try await refuse(other, as: 7)
    try await setAside(large)
    try await upload(large, as: 8)
    try await uploadTogether()
    try await shelve(.hashing(small), as: .dockerManifest, in: "team/app")
  }

  private func refuse(_ bytes: [UInt8], as number: UInt8) async throws {
    let sink = try await send(bytes, as: number)
    let refusal = await refusal { () throws(RegistryError) in _ = try await sink.seal(as: .hashing([0])) }
    guard refusal?.code == .digestInvalid else {
      throw TestFailure("a wrong digest ended with \(refusal, default: "a blob")")
    }
  }

  /// Uploads that race for their folders and for one name.
  private func uploadTogether() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number: UInt8 in 20..<26 {
        group.addTask { try await upload(seededBytes(1500, seed: UInt64(number / 2)), as: number) }
      }
      try await group.waitForAll()
    }
  }
}
