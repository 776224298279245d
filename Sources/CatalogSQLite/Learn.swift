import RegistryCore

extension SQLiteCatalog {
  public func learn(
    _ document: ManifestDocument, of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.learn(document, of: digest, in: repository)
    }
  }

  public func manifest(
    needing blob: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Digest? {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return nil }
      return try connection.manifest(needing: blob, in: KnownRepository(row: row, name: repository))
    }
  }
}

extension WriteTransaction {
  mutating func learn(
    _ document: ManifestDocument, of digest: Digest, in name: RepositoryName
  ) throws(RegistryError) -> Bool {
    guard let repository = try repository(name) else { return false }
    let isDocumented = try connection.first(
      "SELECT documented FROM manifest WHERE repository = ?1 AND digest = ?2",
      .integer(repository.row), .blob(digest.column)
    ) { $0.integer(0) == 1 }
    guard let isDocumented else { return false }
    if !isDocumented { try deriveManifest(digest, in: repository, document: document) }
    return true
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
