/// Lists of what is named, in the order of their bytes, a page at a time. Reads only.
///
/// Contract, checked by `CatalogueContract`.
public protocol Catalogue: Sendable {
  /// Repositories that hold a manifest, after `last`.
  func repositories(after last: String?, limit: Int) async throws(RegistryError) -> Page<RepositoryName>

  /// The tags of a repository after `last`. `nil`: the repository never held anything.
  func tags(of repository: RepositoryName, after last: String?, limit: Int) async throws(RegistryError) -> Page<Tag>?

  /// Present manifests of the repository whose subject is `digest`, in digest order.
  func referrers(of digest: Digest, in repository: RepositoryName, artifactType: String?)
    async throws(RegistryError) -> [Referrer]

  /// Every present manifest of the repository with the tags that name it, for operators.
  func manifests(of repository: RepositoryName) async throws(RegistryError) -> [ManifestSummary]
}

public struct Page<Element: Sendable>: Sendable {
  public let elements: [Element]
  /// There are more after the last of these; `false` for a page of none.
  public let hasMore: Bool

  public init(elements: [Element], hasMore: Bool) {
    self.elements = elements
    self.hasMore = hasMore
  }
}

public struct Referrer: Hashable, Sendable {
  public let digest: Digest
  public let mediaType: MediaType
  public let size: Int
  public let artifactType: String?
  public let annotations: [String: String]

  public init(
    digest: Digest, mediaType: MediaType, size: Int, artifactType: String?, annotations: [String: String]
  ) {
    self.digest = digest
    self.mediaType = mediaType
    self.size = size
    self.artifactType = artifactType
    self.annotations = annotations
  }
}

public struct ManifestSummary: Hashable, Sendable {
  public let digest: Digest
  public let facts: ManifestFacts
  public let tags: [Tag]
  public let clock: HybridTime

  public init(digest: Digest, facts: ManifestFacts, tags: [Tag], clock: HybridTime) {
    self.digest = digest
    self.facts = facts
    self.tags = tags
    self.clock = clock
  }
}
