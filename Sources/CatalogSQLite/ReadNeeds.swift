import RegistryCore

extension SQLiteCatalog {
  public func manifest(
    needing blob: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Digest? {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return nil }
      return try connection.manifest(needing: blob, in: KnownRepository(row: row, name: repository))
    }
  }
}

extension Connection {
  /// Some present manifest that names the blob: one seek, however many do.
  func manifest(needing blob: Digest, in repository: KnownRepository) throws(RegistryError) -> Digest? {
    try first(
      """
      SELECT manifest.digest FROM need JOIN manifest ON manifest.id = need.manifest
      WHERE need.digest = ?1 AND need.repository = ?2 AND need.kind = ?3 LIMIT 1
      """,
      .blob(blob.column), .integer(repository.row), .integer(NeedKind.blob.rawValue)
    ) { row throws(RegistryError) in try row.digest(0) }
  }
}
