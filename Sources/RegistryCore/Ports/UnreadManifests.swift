/// Manifests that are present by claims of other nodes, above all those that this node has not read yet (`Names.document`).
///
/// Contract, checked by `UnreadManifestsContract`: what was read, and what is present no more, is in no list.
public protocol UnreadManifests: Sendable {
  /// Behind a position, in the order of these.
  func unread(after position: Int64, limit: Int) async throws(RegistryError) -> [UnreadManifest]

  /// The node that spoke last of a manifest: where it is most likely to be had. `nil`: nobody did.
  func claimant(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> NodeID?

  /// Of one repository, those that were claimed last first.
  func unread(in repository: RepositoryName, limit: Int) async throws(RegistryError) -> [UnreadManifest]
}

public struct UnreadManifest: Hashable, Sendable {
  /// Rises in the order in which this node heard of them. That of one that went may be used again, for a later one.
  public let position: Int64
  public let repository: RepositoryName
  public let digest: Digest

  public init(position: Int64, repository: RepositoryName, digest: Digest) {
    (self.position, self.repository, self.digest) = (position, repository, digest)
  }
}
