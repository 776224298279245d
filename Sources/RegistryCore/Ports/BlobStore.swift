/// Whole, verified blobs by digest. What this port names is durable and has the digest that it is named by.
///
/// Contract, checked by `BlobStoreContract`: absent is `nil` or `false`, never an error; an I/O error is an error, never
/// absence. Any method may be called from many tasks at once.
public protocol BlobStore: Sendable {
  /// A reader of the blob. It goes on reading the same bytes when the blob is removed meanwhile.
  func open(_ digest: Digest) async throws(RegistryError) -> (any BlobReader)?

  /// The blob's size in bytes.
  func size(of digest: Digest) async throws(RegistryError) -> Int64?

  /// Stores a small blob that is in memory whole, such as a manifest. The caller has hashed it. Durable on return; a
  /// blob that is there already is left as it is.
  func put(_ bytes: [UInt8], as digest: Digest) async throws(RegistryError)

  /// Unlinks the blob. `false` when there was none.
  func remove(_ digest: Digest) async throws(RegistryError) -> Bool

  /// Takes a blob whose bytes do not match its digest out of the store and keeps it aside for a look.
  func quarantine(_ digest: Digest) async throws(RegistryError) -> Bool

  /// The blobs of one shelf in digest order; shelves are numbered 0..<256 by the first byte of the hash, so that a walk
  /// over a large store is done in bounded steps.
  func blobs(onShelf shelf: UInt8) async throws(RegistryError) -> [StoredBlob]
}

public struct StoredBlob: Hashable, Sendable {
  public let digest: Digest
  public let size: Int64

  public init(digest: Digest, size: Int64) {
    self.digest = digest
    self.size = size
  }
}

/// One opened blob.
public protocol BlobReader: Sendable {
  var size: Int64 { get }

  /// The open file, for a kernel that can send it without our touching it; `nil` when the blob is no file.
  var file: BlobFile? { get }

  /// Bytes from `offset`, at most `count`; fewer only at the end of the blob.
  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8]

  /// How it comes here, at this moment; `nil`: it is here.
  var arrival: BlobArrival? { get }
}

extension BlobReader {
  public var arrival: BlobArrival? { nil }
}

/// A file descriptor with one owner: closed when the last reference goes. Opaque to everything but adapters.
public final class BlobFile: Sendable {
  public let descriptor: Int32
  private let close: @Sendable (Int32) -> Void

  public init(descriptor: Int32, close: @escaping @Sendable (Int32) -> Void) {
    self.descriptor = descriptor
    self.close = close
  }

  deinit { close(descriptor) }
}
