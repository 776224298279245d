/// Which repository may read which blob: the links that pushes and mounts leave, and the work that is owed to the disk.
///
/// Contract, checked by `ContentContract`. A digest alone reads nothing: only a link does.
public protocol Content: Sendable {
  /// Links a blob that is durable already. Linking twice is linking once.
  /// - Parameter ticket: of the blob, if its hashes are at hand: kept in the same transaction, as `Tickets.keep` does.
  func link(_ blob: StoredBlob, ticket: TicketEntry?, to repository: RepositoryName) async throws(RegistryError)

  /// The size of a blob that the repository may read. The hot path of a blob's GET and HEAD.
  func linkedSize(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64?

  /// Takes the link away.
  /// - Parameter refusingNeeded: keep it when a present manifest of the repository names the blob.
  func unlink(_ digest: Digest, from repository: RepositoryName, refusingNeeded: Bool)
    async throws(RegistryError) -> UnlinkOutcome

  /// Some present manifest of the repository that names the blob, as far as this node has read the manifests.
  func manifest(needing blob: Digest, in repository: RepositoryName) async throws(RegistryError) -> Digest?

  /// Some repository that holds the blob, for a mount that does not say from where. `nil`: none does.
  func holder(of digest: Digest) async throws(RegistryError) -> RepositoryName?

  /// Manifests that were retracted and whose shelf entry may still stand, oldest first. What is published again is owed
  /// no more.
  func owedUnshelvings(limit: Int) async throws(RegistryError) -> [OwedUnshelving]

  func settle(_ owed: OwedUnshelving) async throws(RegistryError)
}

extension Content {
  public func link(_ blob: StoredBlob, to repository: RepositoryName) async throws(RegistryError) {
    try await link(blob, ticket: nil, to: repository)
  }
}

public enum UnlinkOutcome: Hashable, Sendable {
  case unlinked
  case absent
  case needed(by: Digest)
}

public struct OwedUnshelving: Hashable, Sendable {
  public let id: Int64
  public let repository: RepositoryName
  public let digest: Digest

  public init(id: Int64, repository: RepositoryName, digest: Digest) {
    self.id = id
    self.repository = repository
    self.digest = digest
  }
}
