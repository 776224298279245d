import RegistryCore

extension SQLiteCatalog: Catalogue {
  public func repositories(
    after last: String?, limit: Int
  ) async throws(RegistryError) -> Page<RepositoryName> {
    try await readers.read { connection throws(RegistryError) in
      try connection.repositories(after: last, limit: limit)
    }
  }

  public func tags(
    of repository: RepositoryName, after last: String?, limit: Int
  ) async throws(RegistryError) -> Page<Tag>? {
    try await readers.read { connection throws(RegistryError) in
      try connection.tags(of: repository, after: last, limit: limit)
    }
  }

  public func referrers(
    of digest: Digest, in repository: RepositoryName, artifactType: String?
  ) async throws(RegistryError) -> [Referrer] {
    try await readers.read { connection throws(RegistryError) in
      try connection.referrers(of: digest, in: repository, artifactType: artifactType)
    }
  }

  public func manifests(of repository: RepositoryName) async throws(RegistryError) -> [ManifestSummary] {
    try await readers.read { connection throws(RegistryError) in try connection.manifests(of: repository) }
  }
}
