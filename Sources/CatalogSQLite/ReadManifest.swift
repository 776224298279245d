import RegistryCore

/// The questions of `Names`, asked of one connection.
extension Connection {
  /// One statement: four seeks, no scan, no file but the database, nothing decoded.
  func manifest(_ reference: Reference, in repository: RepositoryName) throws(RegistryError) -> StoredManifest? {
    switch reference {
    case .tag(let tag):
      try first(
        """
        SELECT manifest.digest, manifest.media_type, manifest.size, manifest.bytes
        FROM repository
        JOIN tag ON tag.repository = repository.id
        JOIN manifest ON manifest.repository = repository.id AND manifest.digest = tag.digest
        WHERE repository.name = ?1 AND tag.name = ?2
        """,
        .text(repository.text), .text(tag.text), read: Self.storedManifest)
    case .digest(let digest):
      try first(
        """
        SELECT manifest.digest, manifest.media_type, manifest.size, manifest.bytes
        FROM repository
        JOIN manifest ON manifest.repository = repository.id
        WHERE repository.name = ?1 AND manifest.digest = ?2
        """,
        .text(repository.text), .blob(digest.column), read: Self.storedManifest)
    }
  }

  private static func storedManifest(_ row: Row) throws(RegistryError) -> StoredManifest {
    StoredManifest(
      digest: try row.digest(0), mediaType: try row.mediaType(1), size: Int(row.integer(2)), bytes: row.blobOrNil(3))
  }

  func history(
    of tag: Tag, in repository: RepositoryName, limit: Int
  ) throws(RegistryError) -> [TagEvent] {
    try all(
      """
      SELECT claim.value, claim.clock, manifest.id IS NOT NULL
      FROM repository
      JOIN claim ON claim.repository = repository.id
      JOIN writer ON writer.id = claim.writer
      LEFT JOIN manifest ON manifest.repository = repository.id AND manifest.digest = claim.value
      WHERE repository.name = ?1 AND claim.kind = ?2 AND claim.key = ?3
      ORDER BY claim.clock DESC, writer.node DESC, writer.epoch DESC LIMIT ?4
      """,
      .text(repository.text), .integer(ClaimKind.tag.rawValue), .blob(Array(tag.text.utf8)),
      .integer(Int64(max(0, limit)))
    ) { row throws(RegistryError) in
      TagEvent(
        digest: try row.digestOrNil(0), clock: HybridTime(rawValue: row.integer(1)), isPresent: row.integer(2) == 1)
    }
  }
}
