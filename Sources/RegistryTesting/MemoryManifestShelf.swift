import BlockingWork
import RegistryCore

/// The manifest shelf in memory.
public final class MemoryManifestShelf: ManifestShelf {
  private let repositories = Lock<[RepositoryName: [Digest: MediaType]]>([:])

  public init() {}

  public func shelve(_ digest: Digest, as mediaType: MediaType, in repository: RepositoryName)
    async throws(RegistryError)
  {
    repositories.withLock { $0[repository, default: [:]][digest] = mediaType }
  }

  public func unshelve(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError) {
    repositories.withLock { repositories in
      repositories[repository]?[digest] = nil
      if repositories[repository]?.isEmpty == true { repositories[repository] = nil }
    }
  }

  public func everyManifest(
    _ body: @Sendable (RepositoryName, [ShelvedManifest]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    for (repository, manifests) in repositories.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      let shelved = manifests.sorted { $0.key < $1.key }
        .map { ShelvedManifest(digest: $0.key, mediaType: $0.value) }
      try await body(repository, shelved)
    }
  }
}
