/// The blobs that are here and that some repository may read: what a node tells its fleet that it has.
/// (`HeldBlobsContract`)
public protocol HeldBlobs: Sendable {
  /// In the order of the digests, each once, behind one of them.
  func held(after last: Digest?, limit: Int) async throws(RegistryError) -> [Digest]
}
