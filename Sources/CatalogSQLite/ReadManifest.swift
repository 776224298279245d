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

  /// Of what counts: claims that wait, and those that the rules do not take, were never what the tag named. Where tags
  /// are immutable that is one entry.
  func history(
    of tag: Tag, in repository: RepositoryName, limit: Int
  ) throws(RegistryError) -> [TagEvent] {
    try snapshot { connection throws(RegistryError) in
      let rules = try connection.nameRules()
      let waitsFrom = try connection.waitsFrom()
      guard limit > 0, let row = try connection.repositoryRow(repository) else { return [] }
      var events: [TagEvent] = []
      try connection.eachEntry(of: tag, in: row) { writer, sequence, event in
        let isWaiting = waitsFrom.map { $0 <= event.clock } ?? false
        guard !isWaiting, sequence <= rules.limit(of: writer), rules.mayWrite(writer.node, repository) else {
          return true
        }
        // Said again: it began with the earlier word.
        if let last = events.last, last.digest == event.digest { events.removeLast() }
        guard events.count < limit || rules.immutableTags.matches(repository) else { return false }
        events.append(event)
        return true
      }
      guard let since = rules.immutableSince(in: repository) else { return events }
      if let before = events.first(where: { $0.clock < since }), before.digest != nil { return [before] }
      events.removeAll { $0.clock < since }
      return events.last { $0.digest != nil }.map { [$0] } ?? []
    }
  }

  /// Latest first, until `body` says `false`.
  private func eachEntry(
    of tag: Tag, in repository: Int64, body: (WriterID, Int64, TagEvent) -> Bool
  ) throws(RegistryError) {
    try walk(
      """
      SELECT claim.value, claim.clock, manifest.id IS NOT NULL, writer.node, writer.epoch, claim.sequence
      FROM claim
      JOIN writer ON writer.id = claim.writer
      LEFT JOIN manifest ON manifest.repository = claim.repository AND manifest.digest = claim.value
      WHERE claim.repository = ?1 AND claim.kind = 2 AND claim.key = ?2
      ORDER BY claim.clock DESC, writer.node DESC, writer.epoch DESC
      """,
      [.integer(repository), .blob(Array(tag.text.utf8))]
    ) { row throws(RegistryError) in
      let value = row.blobOrNil(0)
      let digest = value.flatMap { Digest(column: $0) }
      // A value that is no digest says nothing.
      guard (digest == nil) == (value == nil) else { return true }
      let event = TagEvent(
        digest: digest, clock: HybridTime(rawValue: row.integer(1)), isPresent: row.integer(2) == 1)
      return body(try row.writer(from: 3), row.integer(5), event)
    }
  }
}
