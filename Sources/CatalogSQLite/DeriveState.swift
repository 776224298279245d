import RegistryCore

/// The state of a name is what its standing claim says. Deriving looks at the log and the rules alone, so that any order
/// in which claims arrive ends in the same state, and doing it twice is doing it once.
extension WriteTransaction {
  /// - Parameter document: the manifest itself, when it is at hand; `nil` keeps what is known.
  mutating func derive(_ name: KnownName, document: ManifestDocument? = nil) throws(RegistryError) {
    // Of what is not read there is no state, and nothing to look through for it.
    guard name.kind.isRead else { return }
    try write(try standing(name), of: name, document: document)
  }

  /// Writes down what a name stands for.
  mutating func write(
    _ standing: Standing?, of name: KnownName, document: ManifestDocument? = nil
  ) throws(RegistryError) {
    guard let standing else { return try remove(name) }
    let clock = standing.candidate.clock.rawValue
    switch standing.statement {
    case .manifest(_, let digest, .present(let facts)):
      try touch(digest, in: name.repository)
      try writeManifest(digest, facts, clock: clock, document: document, in: name.repository)
    case .tag(_, let tag, .some(let digest)):
      touch(tag, in: name.repository)
      try writeTag(tag, digest, clock: clock, in: name.repository)
    case .manifest, .tag: try remove(name)
    }
  }

  /// What does not parse names nothing, so there is nothing of it.
  private mutating func remove(_ name: KnownName) throws(RegistryError) {
    switch Claim.Statement(name.claimed, value: nil) {
    case .manifest(_, let digest, _):
      try touch(digest, in: name.repository)
      try removeManifest(digest, from: name.repository)
    case .tag(_, let tag, _):
      touch(tag, in: name.repository)
      try connection.run(
        "DELETE FROM tag WHERE repository = ?1 AND name = ?2", .integer(name.repository.row), .text(tag.text))
    case nil: return
    }
  }

  private mutating func touch(_ tag: Tag, in repository: KnownRepository) {
    touched.manifests.append(ManifestKey(repository: repository.name, reference: .tag(tag)))
  }

  /// The manifest's own name and the tags that name it: each has its cached answer.
  private mutating func touch(_ digest: Digest, in repository: KnownRepository) throws(RegistryError) {
    touched.manifests.append(ManifestKey(repository: repository.name, reference: .digest(digest)))
    for tag in try tags(naming: digest, in: repository) { touch(tag, in: repository) }
  }

  func tags(naming digest: Digest, in repository: KnownRepository) throws(RegistryError) -> [Tag] {
    try connection.all(
      "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2 ORDER BY name",
      .integer(repository.row), .blob(digest.column)
    ) { row throws(RegistryError) in try row.tag(0) }
  }

  /// No row is written for a tag that says the same already.
  private func writeTag(
    _ tag: Tag, _ digest: Digest, clock: Int64, in repository: KnownRepository
  ) throws(RegistryError) {
    try connection.run(
      """
      INSERT INTO tag (repository, name, digest, clock) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, clock = excluded.clock
      WHERE clock <> excluded.clock OR digest <> excluded.digest
      """,
      .integer(repository.row), .text(tag.text), .blob(digest.column), .integer(clock))
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
