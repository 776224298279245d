import BlockingWork
import Glibc
import RegistryCore

/// Uploads in memory. A second store over the same `MemoryStaging` is the next life of the node.
public final class MemoryUploadStore: UploadStore {
  let staging: MemoryStaging
  let blobs: MemoryBlobStore

  let hashesTorrents: Bool

  public init(staging: MemoryStaging = MemoryStaging(), blobs: MemoryBlobStore, hashesTorrents: Bool = true) {
    self.staging = staging
    self.blobs = blobs
    self.hashesTorrents = hashesTorrents
  }

  public func begin(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> any UploadSink {
    try staging.begin(key)
    return MemoryUpload(key: key, offset: 0, store: self)
  }

  public func resume(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> (any UploadSink)? {
    guard let bytes = staging.bytes(of: key) else { return nil }
    return MemoryUpload(key: key, offset: Int64(bytes.count), store: self)
  }

  public func discard(_ key: UploadKey) async throws(RegistryError) -> Bool {
    staging.take(key) != nil
  }

  public func sweep(idleForSeconds seconds: Int, keeping: Set<UploadID>) async throws(RegistryError) -> Int {
    staging.sweep(idleForSeconds: seconds, keeping: keeping)
  }
}

/// What uploads have sent so far: the part that outlives a node.
public final class MemoryStaging: Sendable {
  private struct Staged {
    var bytes: [UInt8] = []
    var touchedSecond = MemoryStaging.nowSecond()
  }

  private let staged = Lock<[UploadKey: Staged]>([:])
  private let byteLimit: Int

  /// - Parameter byteLimit: how much all uploads together may hold before the disk is full.
  public init(byteLimit: Int = .max) { self.byteLimit = byteLimit }

  public var keys: Set<UploadKey> { staged.withLock { Set($0.keys) } }

  /// As if the upload had been left alone for so long.
  public func age(_ key: UploadKey, bySeconds seconds: Int) {
    staged.withLock { $0[key]?.touchedSecond -= seconds }
  }

  func begin(_ key: UploadKey) throws(RegistryError) {
    let isNew = staged.withLock { staged in
      guard staged[key] == nil else { return false }
      staged[key] = Staged()
      return true
    }
    guard isNew else { throw RegistryError(.internal, "an upload was begun twice") }
  }

  func bytes(of key: UploadKey) -> [UInt8]? { staged.withLock { $0[key]?.bytes } }

  func append(_ chunk: [UInt8], to key: UploadKey) throws(RegistryError) {
    try staged.withLock { staged throws(RegistryError) in
      guard staged[key] != nil else { throw MemoryUpload.ended }
      guard staged.values.reduce(chunk.count, { $0 + $1.bytes.count }) <= byteLimit else {
        throw RegistryError(.storageFull, "the registry's disk is full")
      }
      staged[key]!.bytes += chunk
      staged[key]!.touchedSecond = Self.nowSecond()
    }
  }

  func take(_ key: UploadKey) -> [UInt8]? { staged.withLock { $0.removeValue(forKey: key)?.bytes } }

  func sweep(idleForSeconds seconds: Int, keeping: Set<UploadID>) -> Int {
    staged.withLock { staged in
      let before = staged.count
      staged = staged.filter { key, upload in
        keeping.contains(key.id) || Self.nowSecond() - upload.touchedSecond < seconds
      }
      return before - staged.count
    }
  }

  private static func nowSecond() -> Int { time(nil) }
}

/// One upload into memory.
final class MemoryUpload: UploadSink {
  private struct State {
    var offset: Int64
    var hasEnded = false
    var failure: RegistryError?
  }

  private let key: UploadKey
  private let store: MemoryUploadStore
  private let state: Lock<State>

  init(key: UploadKey, offset: Int64, store: MemoryUploadStore) {
    self.key = key
    self.store = store
    state = Lock(State(offset: offset))
  }

  var offset: Int64 { state.withLock { $0.offset } }

  func append(_ chunk: [UInt8]) async throws(RegistryError) {
    try mustBeOpen()
    do {
      try store.staging.append(chunk, to: key)
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
    state.withLock { $0.offset += Int64(chunk.count) }
  }

  func settle() async throws(RegistryError) { try mustBeOpen() }

  func seal(as digest: Digest) async throws(RegistryError) -> SealedBlob {
    try mustBeOpen()
    state.withLock { $0.hasEnded = true }
    guard let bytes = store.staging.take(key) else { throw Self.ended }
    let actual = Digest.hashing(bytes, digest.algorithm)
    guard actual == digest else {
      throw RegistryError(
        .digestInvalid, "the bytes that arrived have the digest \(actual), not \(digest); upload them again",
        detail: [actual.description])
    }
    try store.blobs.adopt(bytes, as: digest)
    return SealedBlob(
      digest: digest, size: Int64(bytes.count), ticket: store.hashesTorrents ? .hashing(bytes, as: digest) : nil)
  }

  func cancel() async {
    let hadEnded = state.withLock { state in
      defer { state.hasEnded = true }
      return state.hasEnded
    }
    if !hadEnded { _ = store.staging.take(key) }
  }

  private func mustBeOpen() throws(RegistryError) {
    try state.withLock { state throws(RegistryError) in
      if let failure = state.failure { throw failure }
      if state.hasEnded { throw Self.ended }
    }
  }

  static let ended = RegistryError(
    .uploadUnknown, "this upload has ended; start again with POST /v2/NAME/blobs/uploads/")
}
