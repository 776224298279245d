import RegistryCore

extension WriteTransaction {
  mutating func link(_ blob: StoredBlob, to name: RepositoryName) throws(RegistryError) {
    let repository = try repositoryOrNew(name)
    touched.links.append(LinkKey(repository: name, digest: blob.digest))
    // No row is written for a link that is there, so that a commit of nothing but such links syncs nothing.
    try connection.run(
      """
      INSERT INTO link (repository, digest, size) VALUES (?1, ?2, ?3)
      ON CONFLICT (repository, digest) DO UPDATE SET size = excluded.size WHERE size <> excluded.size
      """,
      .integer(repository.row), .blob(blob.digest.column), .integer(blob.size))
  }

  mutating func unlink(
    _ digest: Digest, from name: RepositoryName, refusingNeeded: Bool
  ) throws(RegistryError) -> UnlinkOutcome {
    guard let repository = try repository(name) else { return .absent }
    let isLinked = try connection.first(
      "SELECT 1 FROM link WHERE repository = ?1 AND digest = ?2", .integer(repository.row), .blob(digest.column)
    ) { _ in true }
    guard isLinked != nil else { return .absent }
    if refusingNeeded, let manifest = try connection.manifest(needing: digest, in: repository) {
      return .needed(by: manifest)
    }
    touched.links.append(LinkKey(repository: name, digest: digest))
    try connection.run(
      "DELETE FROM link WHERE repository = ?1 AND digest = ?2", .integer(repository.row), .blob(digest.column))
    return .unlinked
  }
}
