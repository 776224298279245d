import RegistryCore

/// An upload store, the blobs that its uploads become, and what a check does to them from outside.
public struct UploadPorts: Sendable {
  let uploads: any UploadStore
  let blobs: any BlobStore
  let nextLife: @Sendable () async throws -> UploadPorts
  let age: @Sendable (UploadKey, Int) async throws -> Void

  /// - Parameter nextLife: the stores over the same bytes after the node was killed and started again.
  /// - Parameter age: makes an upload look as if it had been left alone for so many seconds.
  public init(
    uploads: any UploadStore, blobs: any BlobStore, nextLife: @escaping @Sendable () async throws -> UploadPorts,
    age: @escaping @Sendable (UploadKey, Int) async throws -> Void
  ) {
    self.uploads = uploads
    self.blobs = blobs
    self.nextLife = nextLife
    self.age = age
  }

  func unlessStored(_ bytes: [UInt8], as digest: Digest, _ what: String) async throws {
    try StoreViolation.unlessEqual(try await BlobStoreContract.whole(digest, in: blobs), bytes, what)
  }

  func unlessGone(_ key: UploadKey, _ what: String) async throws {
    try StoreViolation.unless(try await uploads.resume(key, algorithm: .sha256) == nil, "\(what): can be resumed")
    try StoreViolation.unlessEqual(try await uploads.discard(key), false, "\(what): left something behind")
  }
}

/// What every implementation of `UploadStore` does.
public enum UploadStoreContract {
  public typealias Clause = StoreClause<UploadPorts>

  public static let clauses = sealing + ending + resuming + expiring

  static func key(_ number: UInt8 = 1, in repository: String = "team/app") throws -> UploadKey {
    UploadKey(
      repository: try RepositoryName(parsing: repository),
      id: UploadID(random: [UInt8](repeating: number, count: UploadID.byteCount)))
  }

  /// Appends bytes in chunks of uneven sizes up to a quarter of a megabyte.
  static func append(_ bytes: [UInt8], to sink: any UploadSink) async throws {
    let counts = [1, 4095, 65_536, 262_144, 7]
    var (at, turn) = (0, 0)
    while at < bytes.count {
      let chunk = Array(bytes[at..<min(bytes.count, at + counts[turn % counts.count])])
      try await sink.append(chunk)
      at += chunk.count
      turn += 1
    }
  }
}
