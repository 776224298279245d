import BlockingWork
import RegistryCore

/// Blobs in memory, for tests of what stands on them.
public final class MemoryBlobStore: BlobStore {
  private struct State {
    var blobs: [Digest: [UInt8]] = [:]
    var quarantined: [Digest: [UInt8]] = [:]
    var failure: RegistryError?
    var openedCount = 0
  }

  private let state = Lock(State())
  private let opensFiles: Bool

  /// - Parameter opensFiles: readers have a file, for what needs a descriptor.
  public init(opensFiles: Bool = false) { self.opensFiles = opensFiles }

  public func open(_ digest: Digest) async throws(RegistryError) -> (any BlobReader)? {
    let bytes = try access { state in
      state.openedCount += 1
      return state.blobs[digest]
    }
    guard let bytes else { return nil }
    return MemoryBlobReader(bytes: bytes, file: opensFiles ? try NamelessFile.holding(bytes) : nil)
  }

  public func size(of digest: Digest) async throws(RegistryError) -> Int64? {
    try access { state in state.blobs[digest].map { Int64($0.count) } }
  }

  public func put(_ bytes: [UInt8], as digest: Digest) async throws(RegistryError) {
    try adopt(bytes, as: digest)
  }

  public func remove(_ digest: Digest) async throws(RegistryError) -> Bool {
    try access { state in state.blobs.removeValue(forKey: digest) != nil }
  }

  public func quarantine(_ digest: Digest) async throws(RegistryError) -> Bool {
    try access { state in
      guard let bytes = state.blobs.removeValue(forKey: digest) else { return false }
      state.quarantined[digest] = bytes
      return true
    }
  }

  public func blobs(onShelf shelf: UInt8) async throws(RegistryError) -> [StoredBlob] {
    try access { state in
      state.blobs.filter { $0.key.hash.first == shelf }
        .map { StoredBlob(digest: $0.key, size: Int64($0.value.count)) }
        .sorted { $0.digest < $1.digest }
    }
  }

  func adopt(_ bytes: [UInt8], as digest: Digest) throws(RegistryError) {
    try access { state in
      if state.blobs[digest] == nil { state.blobs[digest] = bytes }
    }
  }

  private func access<Success>(_ body: (inout State) -> Success) throws(RegistryError) -> Success {
    try state.withLock { state throws(RegistryError) in
      if let failure = state.failure { throw failure }
      return body(&state)
    }
  }
}

// What a test does to it.
extension MemoryBlobStore {
  /// From now on every call fails so; `nil`: the disk is well again.
  public func fail(with failure: RegistryError?) {
    state.withLock { $0.failure = failure }
  }

  /// Puts other bytes under a digest than its own.
  public func rot(_ digest: Digest, to bytes: [UInt8]) {
    state.withLock { $0.blobs[digest] = bytes }
  }

  /// How often a blob was asked for by `open`.
  public var openedCount: Int { state.withLock { $0.openedCount } }

  public var digests: Set<Digest> { state.withLock { Set($0.blobs.keys) } }

  public var quarantined: Set<Digest> { state.withLock { Set($0.quarantined.keys) } }
}

struct MemoryBlobReader: BlobReader {
  let bytes: [UInt8]
  let file: BlobFile?

  var size: Int64 { Int64(bytes.count) }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    return Array(bytes[Int(offset)...].prefix(count))
  }
}
