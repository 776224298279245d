/// Beside the blobs, on disk: which repository has which manifest, and under what media type. The catalogue answers all
/// questions; this is what it is rebuilt from when it is lost.
///
/// Contract, checked by `ManifestShelfContract`: durable on return; doing a thing twice is doing it once.
public protocol ManifestShelf: Sendable {
  func shelve(_ digest: Digest, as mediaType: MediaType, in repository: RepositoryName) async throws(RegistryError)

  func unshelve(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError)

  /// All of them, handed out one repository at a time.
  func everyManifest(
    _ body: @Sendable (RepositoryName, [ShelvedManifest]) async throws(RegistryError) -> Void
  ) async throws(RegistryError)
}

public struct ShelvedManifest: Hashable, Sendable {
  public let digest: Digest
  public let mediaType: MediaType

  public init(digest: Digest, mediaType: MediaType) {
    self.digest = digest
    self.mediaType = mediaType
  }
}
