import RegistryCore

/// What can be read and has no facts of its torrent yet; a manifest that is known by a claim alone is not here to be
/// hashed. Links and manifests are two walks along their indexes, merged
/// here: a UNION would sort all that is left before it gives the first.
extension Connection {
  func withoutTicket(after last: Digest?, limit: Int) throws(RegistryError) -> [StoredBlob] {
    let (after, recipe, most) = Self.page(after: last, limit: limit)
    let linked = try all(
      """
      SELECT link.digest, max(link.size) FROM link
      WHERE link.digest > ?1 AND link.size > 0
        AND NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.digest = link.digest AND ticket.recipe = ?2)
      GROUP BY link.digest ORDER BY link.digest LIMIT ?3
      """,
      after, recipe, most, read: Self.storedBlob)
    let named = try all(
      """
      SELECT manifest.digest, max(manifest.size) FROM manifest
      WHERE manifest.digest > ?1 AND manifest.size > 0 AND manifest.documented = 1
        AND NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.digest = manifest.digest AND ticket.recipe = ?2)
      GROUP BY manifest.digest ORDER BY manifest.digest LIMIT ?3
      """,
      after, recipe, most, read: Self.storedBlob)
    return Self.merged(linked, named, limit: limit)
  }

  func withoutClassicPieces(
    in repository: RepositoryName, after last: Digest?, limit: Int
  ) throws(RegistryError) -> [StoredBlob] {
    guard let row = try repositoryRow(repository) else { return [] }
    let (after, recipe, most) = Self.page(after: last, limit: limit)
    let linked = try all(
      """
      SELECT link.digest, link.size FROM link
      WHERE link.repository = ?4 AND link.digest > ?1 AND link.size > 0
        AND NOT EXISTS (SELECT 1 FROM classic WHERE classic.digest = link.digest AND classic.recipe = ?2)
      ORDER BY link.digest LIMIT ?3
      """,
      after, recipe, most, .integer(row), read: Self.storedBlob)
    let named = try all(
      """
      SELECT manifest.digest, manifest.size FROM manifest
      WHERE manifest.repository = ?4 AND manifest.digest > ?1 AND manifest.size > 0 AND manifest.documented = 1
        AND NOT EXISTS (SELECT 1 FROM classic WHERE classic.digest = manifest.digest AND classic.recipe = ?2)
      ORDER BY manifest.digest LIMIT ?3
      """,
      after, recipe, most, .integer(row), read: Self.storedBlob)
    return Self.merged(linked, named, limit: limit)
  }

  func repositories(holding digest: Digest) throws(RegistryError) -> [RepositoryName] {
    try all(
      """
      SELECT name FROM repository
      WHERE id IN (
        SELECT repository FROM link WHERE digest = ?1 UNION ALL SELECT repository FROM manifest WHERE digest = ?1)
      ORDER BY name
      """,
      .blob(digest.column)
    ) { row throws(RegistryError) in try row.repositoryName(0) }
  }

  private static func page(after last: Digest?, limit: Int) -> (after: SQLValue, recipe: SQLValue, most: SQLValue) {
    (.blob(last?.column ?? []), .integer(Int64(TorrentRecipe.version)), .integer(Int64(max(0, limit))))
  }

  private static func storedBlob(_ row: Row) throws(RegistryError) -> StoredBlob {
    StoredBlob(digest: try row.digest(0), size: row.integer(1))
  }

  /// Two lists in digest order as one; what is in both is there once.
  private static func merged(_ left: [StoredBlob], _ right: [StoredBlob], limit: Int) -> [StoredBlob] {
    var merged: [StoredBlob] = []
    var (left, right) = (left[...], right[...])
    while merged.count < limit {
      let heads = [left.first, right.first].compactMap { $0 }
      guard let next = heads.min(by: { $0.digest < $1.digest }) else { break }
      merged.append(next)
      if left.first?.digest == next.digest { left.removeFirst() }
      if right.first?.digest == next.digest { right.removeFirst() }
    }
    return merged
  }
}
