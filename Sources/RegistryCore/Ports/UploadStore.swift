/// Uploads on their way in. Their bytes survive a restart of the node and expire when nobody goes on with them.
///
/// Contract, checked by `UploadStoreContract`. The caller sees to it that one key is worked on by one task at a time.
public protocol UploadStore: Sendable {
  /// A new, empty upload. `algorithm` is the one that the digest is expected in; another at `seal` costs a second read.
  func begin(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> any UploadSink

  /// Takes up an upload that an earlier life of the node left behind; its bytes are hashed once more. `nil`: none such.
  func resume(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> (any UploadSink)?

  /// Removes what was left behind under the key. `false`: nothing was.
  func discard(_ key: UploadKey) async throws(RegistryError) -> Bool

  /// Removes uploads not written to for `seconds`, except those in `keeping`; returns how many went.
  func sweep(idleForSeconds seconds: Int, keeping: Set<UploadID>) async throws(RegistryError) -> Int
}

/// One upload: bytes go in at the end, are hashed on the way, and become a blob or nothing.
public protocol UploadSink: Sendable {
  /// How many bytes were accepted, over all requests.
  var offset: Int64 { get }

  /// Takes the next bytes. Returns when there is room for more, not when these are written: the caller may read on from
  /// its socket meanwhile. An error (of these bytes or earlier ones) leaves the upload good for `cancel` only.
  func append(_ chunk: [UInt8]) async throws(RegistryError)

  /// Waits until all accepted bytes are in the file and releases what a waiting upload need not hold (descriptors).
  func settle() async throws(RegistryError)

  /// Ends the upload: compares the digest, makes the bytes durable (fsync, rename, fsync of the directory) and names
  /// them. Returns the blob, with its ticket where the store makes them. `digestInvalid` when the bytes have another
  /// digest: the upload is gone then.
  func seal(as digest: Digest) async throws(RegistryError) -> SealedBlob

  /// Drops the upload and its bytes. Safe twice and after `seal`.
  func cancel() async
}
