import RegistryCore

/// The state of a name is what its highest claim says, by clock and then by writer. Deriving looks at the log alone, so
/// that any order in which claims arrive ends in the same state, and doing it twice is doing it once.
extension WriteTransaction {
  /// - Parameter document: the manifest itself, when the highest claim was made from it; `nil` keeps what is known.
  mutating func deriveManifest(
    _ digest: Digest, in repository: KnownRepository, document: ManifestDocument?
  ) throws(RegistryError) {
    guard let highest = try highestClaim(.manifest, key: digest.column, in: repository) else { return }
    try touch(digest, in: repository)
    guard let value = highest.value else { return try removeManifest(digest, from: repository) }
    guard let facts = ManifestFacts(claimValue: value) else { throw .damaged("a manifest's claim does not parse") }
    let row = try writeManifest(digest, facts, clock: highest.clock, document: document, in: repository)
    if let document { try writeNeeds(of: row, document, in: repository) }
    // What is present again is not owed to be removed any more.
    try connection.run(
      "DELETE FROM owed_unshelving WHERE repository = ?1 AND digest = ?2",
      .integer(repository.row), .blob(digest.column))
  }

  mutating func deriveTag(_ tag: Tag, in repository: KnownRepository) throws(RegistryError) {
    guard let highest = try highestClaim(.tag, key: Array(tag.text.utf8), in: repository) else { return }
    touched.manifests.append(ManifestKey(repository: repository.name, reference: .tag(tag)))
    guard let value = highest.value else {
      try connection.run(
        "DELETE FROM tag WHERE repository = ?1 AND name = ?2", .integer(repository.row), .text(tag.text))
      return
    }
    try connection.run(
      """
      INSERT INTO tag (repository, name, digest, clock) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, clock = excluded.clock
      """,
      .integer(repository.row), .text(tag.text), .blob(value), .integer(highest.clock))
  }

  private func highestClaim(
    _ kind: ClaimKind, key: [UInt8], in repository: KnownRepository
  ) throws(RegistryError) -> (value: [UInt8]?, clock: Int64)? {
    try connection.first(
      """
      SELECT claim.value, claim.clock FROM claim JOIN writer ON writer.id = claim.writer
      WHERE claim.repository = ?1 AND claim.kind = ?2 AND claim.key = ?3
      ORDER BY claim.clock DESC, writer.node DESC, writer.epoch DESC LIMIT 1
      """,
      .integer(repository.row), .integer(kind.rawValue), .blob(key)
    ) { ($0.blobOrNil(0), $0.integer(1)) }
  }

  /// The manifest's own name and the tags that name it: each has its cached answer.
  private mutating func touch(_ digest: Digest, in repository: KnownRepository) throws(RegistryError) {
    touched.manifests.append(ManifestKey(repository: repository.name, reference: .digest(digest)))
    for tag in try tags(naming: digest, in: repository) {
      touched.manifests.append(ManifestKey(repository: repository.name, reference: .tag(tag)))
    }
  }

  func tags(naming digest: Digest, in repository: KnownRepository) throws(RegistryError) -> [Tag] {
    try connection.all(
      "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2 ORDER BY name",
      .integer(repository.row), .blob(digest.column)
    ) { row throws(RegistryError) in try row.tag(0) }
  }

  private func removeManifest(_ digest: Digest, from repository: KnownRepository) throws(RegistryError) {
    let removed = try connection.run(
      "DELETE FROM manifest WHERE repository = ?1 AND digest = ?2", .integer(repository.row), .blob(digest.column))
    guard removed > 0 else { return }
    try connection.run(
      "INSERT INTO owed_unshelving (repository, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
      .integer(repository.row), .blob(digest.column))
  }
}
