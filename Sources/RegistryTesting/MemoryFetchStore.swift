import BlockingWork
import RegistryCore

/// Fetches into nameless files. A second store over the same `MemoryFetches` is the next life of the node.
public final class MemoryFetchStore: FetchStore {
  fileprivate let fetches: MemoryFetches
  fileprivate let blobs: MemoryBlobStore

  public init(fetches: MemoryFetches = MemoryFetches(), blobs: MemoryBlobStore) {
    self.fetches = fetches
    self.blobs = blobs
  }

  public func begin(_ digest: Digest, size: Int64, note: [UInt8]) async throws(RegistryError) -> any FetchSink {
    MemoryFetch(digest, size: size, file: try fetches.begin(digest, size: size, note: note), store: self)
  }

  public func unfinished() async throws(RegistryError) -> [UnfinishedFetch] { fetches.unfinished }
}

/// What has arrived so far: the part that outlives a node.
public final class MemoryFetches: Sendable {
  fileprivate struct Staged {
    var size: Int64
    var note: [UInt8]
    /// `nil` once the bytes have become a blob.
    var file: BlobFile?
  }

  private struct State {
    var staged: [Digest: Staged] = [:]
    var sealFailure: RegistryError?
  }

  private let state = Lock(State())

  public init() {}

  /// From now on every `seal` fails so; `nil`: the disk is well again.
  public func failSeals(with failure: RegistryError?) { state.withLock { $0.sealFailure = failure } }

  public var digests: Set<Digest> { state.withLock { Set($0.staged.keys) } }

  fileprivate var sealFailure: RegistryError? { state.withLock { $0.sealFailure } }

  fileprivate var unfinished: [UnfinishedFetch] {
    state.withLock { state in
      state.staged.map { UnfinishedFetch(digest: $0.key, size: $0.value.size, note: $0.value.note) }
        .sorted { $0.digest < $1.digest }
    }
  }

  fileprivate func begin(_ digest: Digest, size: Int64, note: [UInt8]) throws(RegistryError) -> BlobFile {
    let fresh = try NamelessFile.sized(size)
    return state.withLock { state in
      let old = state.staged[digest]
      let file = old?.size == size ? old?.file ?? fresh : fresh
      state.staged[digest] = Staged(size: size, note: note, file: file)
      return file
    }
  }

  fileprivate func keep(note: [UInt8], for digest: Digest) { state.withLock { $0.staged[digest]?.note = note } }

  fileprivate func dropBytes(of digest: Digest) { state.withLock { $0.staged[digest]?.file = nil } }

  fileprivate func drop(_ digest: Digest) { state.withLock { $0.staged[digest] = nil } }
}

private final class MemoryFetch: FetchSink {
  private enum Phase { case open, sealed, ended }

  let file: BlobFile
  private let digest: Digest
  private let size: Int64
  private let store: MemoryFetchStore
  private let phase = Lock(Phase.open)

  init(_ digest: Digest, size: Int64, file: BlobFile, store: MemoryFetchStore) {
    (self.digest, self.size, self.file, self.store) = (digest, size, file, store)
  }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    return try NamelessFile.read(file, from: offset, count: Int(min(Int64(count), size - offset)))
  }

  func write(_ bytes: [UInt8], at offset: Int64) async throws(RegistryError) {
    try mustBe(.open)
    try NamelessFile.write(bytes, at: offset, to: file)
  }

  func digest(upTo offset: Int64) async throws(RegistryError) { try mustBe(.open) }

  func seal() async throws(RegistryError) -> SealedBlob {
    try mustBe(.open)
    if let failure = store.fetches.sealFailure { throw failure }
    let bytes = try NamelessFile.read(file, from: 0, count: Int(size))
    let actual = Digest.hashing(bytes, digest.algorithm)
    guard actual == digest else {
      await cancel()
      throw RegistryError(.digestInvalid, "the bytes that arrived have the digest \(actual), not \(digest)")
    }
    try store.blobs.adopt(bytes, as: digest)
    store.fetches.dropBytes(of: digest)
    phase.withLock { $0 = .sealed }
    return SealedBlob(digest: digest, size: size, ticket: .hashing(bytes, as: digest))
  }

  func keep(note: [UInt8]) async throws(RegistryError) {
    guard phase.withLock({ $0 != .ended }) else { throw Self.ended }
    store.fetches.keep(note: note, for: digest)
  }

  func pause() async { phase.withLock { $0 = .ended } }

  func cancel() async {
    let hadEnded = phase.withLock { phase in
      defer { phase = .ended }
      return phase == .ended
    }
    if !hadEnded { store.fetches.drop(digest) }
  }

  private func mustBe(_ due: Phase) throws(RegistryError) {
    guard phase.withLock({ $0 == due }) else { throw Self.ended }
  }

  private static let ended = RegistryError(.unavailable, "this fetch has ended; ask for the blob again")
}
