/// Where a tag pointed, read from a catalogue that is given up.
public struct SalvagedTag: Hashable, Sendable {
  public let repository: RepositoryName
  public let tag: Tag
  public let digest: Digest

  public init(repository: RepositoryName, tag: Tag, digest: Digest) {
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }
}
