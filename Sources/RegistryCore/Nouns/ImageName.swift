/// A manifest of a repository, by its digest.
public struct ImageName: Hashable, Sendable, CustomStringConvertible {
  public let repository: RepositoryName
  public let digest: Digest

  public init(_ digest: Digest, in repository: RepositoryName) {
    (self.repository, self.digest) = (repository, digest)
  }

  public var description: String { "\(repository)@\(digest)" }
}
