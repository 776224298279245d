import RegistryCore

/// The questions of `Content`, asked of one connection.
extension Connection {
  func linkedSize(of digest: Digest, in repository: RepositoryName) throws(RegistryError) -> Int64? {
    try first(
      """
      SELECT link.size FROM repository JOIN link ON link.repository = repository.id
      WHERE repository.name = ?1 AND link.digest = ?2
      """, .text(repository.text), .blob(digest.column)
    ) { $0.integer(0) }
  }

  func holder(of digest: Digest) throws(RegistryError) -> RepositoryName? {
    try first(
      """
      SELECT repository.name FROM link JOIN repository ON repository.id = link.repository
      WHERE link.digest = ?1 ORDER BY link.repository LIMIT 1
      """, .blob(digest.column)
    ) { row throws(RegistryError) in try row.repositoryName(0) }
  }

  func owedUnshelvings(limit: Int) throws(RegistryError) -> [OwedUnshelving] {
    try all(
      """
      SELECT owed_unshelving.id, repository.name, owed_unshelving.digest
      FROM owed_unshelving JOIN repository ON repository.id = owed_unshelving.repository
      ORDER BY owed_unshelving.id LIMIT ?1
      """, .integer(Int64(max(0, limit)))
    ) { row throws(RegistryError) in
      OwedUnshelving(id: row.integer(0), repository: try row.repositoryName(1), digest: try row.digest(2))
    }
  }
}
