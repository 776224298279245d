import FoundationEssentials
import RegistryCore

/// The questions of `Catalogue`, asked of one connection.
extension Connection {
  func repositories(after last: String?, limit: Int) throws(RegistryError) -> Page<RepositoryName> {
    let rows = try all(
      """
      SELECT name FROM repository
      WHERE name > ?1 AND EXISTS (SELECT 1 FROM manifest WHERE manifest.repository = repository.id)
      ORDER BY name LIMIT ?2
      """,
      .text(last ?? ""), .oneMore(than: limit)
    ) { row throws(RegistryError) in try row.repositoryName(0) }
    return Page(rows, limit: limit)
  }

  func tags(
    of repository: RepositoryName, after last: String?, limit: Int
  ) throws(RegistryError) -> Page<Tag>? {
    // Two statements need no snapshot: a repository's row is never removed.
    guard let row = try repositoryRow(repository) else { return nil }
    let rows = try all(
      "SELECT name FROM tag WHERE repository = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
      .integer(row), .text(last ?? ""), .oneMore(than: limit)
    ) { row throws(RegistryError) in try row.tag(0) }
    return Page(rows, limit: limit)
  }

  func referrers(
    of subject: Digest, in repository: RepositoryName, artifactType: String?
  ) throws(RegistryError) -> [Referrer] {
    try all(
      """
      SELECT manifest.digest, media_type, size, artifact_type, annotations
      FROM repository JOIN manifest ON manifest.repository = repository.id
      WHERE repository.name = ?1 AND manifest.subject = ?2 AND (?3 IS NULL OR artifact_type = ?3)
      ORDER BY manifest.digest
      """,
      .text(repository.text), .blob(subject.column), .text(orNull: artifactType)
    ) { row throws(RegistryError) in
      Referrer(
        digest: try row.digest(0), mediaType: try row.mediaType(1), size: Int(row.integer(2)),
        artifactType: row.textOrNil(3), annotations: try Self.annotations(row.textOrNil(4)))
    }
  }

  private static func annotations(_ text: String?) throws(RegistryError) -> [String: String] {
    guard let text else { return [:] }
    do {
      return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    } catch {
      throw .damaged("annotations: \(error)")
    }
  }

  func manifests(of repository: RepositoryName) throws(RegistryError) -> [ManifestSummary] {
    try snapshot { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return [] }
      var tags: [Digest: [Tag]] = [:]
      try connection.each("SELECT digest, name FROM tag WHERE repository = ?1 ORDER BY name", [.integer(row)]) {
        tag throws(RegistryError) in tags[try tag.digest(0), default: []].append(try tag.tag(1))
      }
      return try connection.all(
        """
        SELECT digest, media_type, size, subject, artifact_type, clock FROM manifest
        WHERE repository = ?1 ORDER BY digest
        """, .integer(row)
      ) { row throws(RegistryError) in
        let digest = try row.digest(0)
        return ManifestSummary(
          digest: digest, facts: try row.facts(from: 1), tags: tags[digest] ?? [],
          clock: HybridTime(rawValue: row.integer(5)))
      }
    }
  }

  /// Several statements that see the same state.
  func snapshot<Result>(
    _ body: (Connection) throws(RegistryError) -> Result
  ) throws(RegistryError) -> Result {
    try run("BEGIN")
    do {
      let result = try body(self)
      try run("COMMIT")
      return result
    } catch {
      if isInTransaction { try run("ROLLBACK") }
      throw error
    }
  }
}

extension SQLValue {
  /// One row more than a page holds tells whether there is another page.
  fileprivate static func oneMore(than limit: Int) -> SQLValue {
    .integer(limit <= 0 ? 0 : min(Int64(limit), Int64.max - 1) + 1)
  }
}

extension Page {
  /// - Parameter rows: up to one more than `limit`.
  fileprivate init(_ rows: [Element], limit: Int) {
    self.init(elements: Array(rows.prefix(max(0, limit))), hasMore: rows.count > max(0, limit))
  }
}
