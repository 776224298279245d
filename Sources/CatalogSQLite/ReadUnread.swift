import RegistryCore

extension SQLiteCatalog: UnreadManifests {
  public func unread(after position: Int64, limit: Int) async throws(RegistryError) -> [UnreadManifest] {
    try await readers.read { connection throws(RegistryError) in
      try connection.all(
        """
        SELECT manifest.id, repository.name, manifest.digest
        FROM manifest INDEXED BY manifest_unread JOIN repository ON repository.id = manifest.repository
        WHERE manifest.documented = 0 AND manifest.id > ?1 ORDER BY manifest.id LIMIT ?2
        """,
        .integer(position), .integer(Int64(max(0, limit)))
      ) { row throws(RegistryError) in
        UnreadManifest(position: row.integer(0), repository: try row.repositoryName(1), digest: try row.digest(2))
      }
    }
  }

  public func unread(
    in repository: RepositoryName, limit: Int
  ) async throws(RegistryError) -> [UnreadManifest] {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return [] }
      return try connection.all(
        """
        SELECT id, digest FROM manifest INDEXED BY manifest_unread_of_repository
        WHERE documented = 0 AND repository = ?1 ORDER BY clock DESC LIMIT ?2
        """,
        .integer(row), .integer(Int64(max(0, limit)))
      ) { row throws(RegistryError) in
        UnreadManifest(position: row.integer(0), repository: repository, digest: try row.digest(1))
      }
    }
  }

  public func claimant(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> NodeID? {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return nil }
      return try connection.first(
        """
        SELECT writer.node FROM claim JOIN writer ON writer.id = claim.writer
        WHERE claim.repository = ?1 AND claim.kind = ?2 AND claim.key = ?3 ORDER BY claim.clock DESC LIMIT 1
        """,
        .integer(row), .integer(ClaimKind.manifest.rawValue), .blob(digest.multihash)
      ) { row throws(RegistryError) in try row.node(0) }
    }
  }
}
