import RegistryCore

extension WriteTransaction {
  mutating func retract(_ digest: Digest, from name: RepositoryName) throws(RegistryError) -> OwedUnshelving? {
    guard let repository = try repository(name), try isPresent(digest, in: repository) else { return nil }
    for tag in try tags(naming: digest, in: repository) { try claim(tag, names: nil, in: repository) }
    try claimGone(digest, in: repository)
    return try connection.first(
      "SELECT id FROM owed_unshelving WHERE repository = ?1 AND digest = ?2",
      .integer(repository.row), .blob(digest.column)
    ) { OwedUnshelving(id: $0.integer(0), repository: name, digest: digest) }
  }

  mutating func untag(_ tag: Tag, in name: RepositoryName) throws(RegistryError) -> Bool {
    guard let repository = try repository(name) else { return false }
    let isThere = try connection.first(
      "SELECT 1 FROM tag WHERE repository = ?1 AND name = ?2", .integer(repository.row), .text(tag.text)
    ) { _ in true }
    guard isThere != nil else { return false }
    try claim(tag, names: nil, in: repository)
    return true
  }

  func settle(_ owed: OwedUnshelving) throws(RegistryError) {
    try connection.run("DELETE FROM owed_unshelving WHERE id = ?1", .integer(owed.id))
  }

  private func isPresent(_ digest: Digest, in repository: KnownRepository) throws(RegistryError) -> Bool {
    try connection.first(
      "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2",
      .integer(repository.row), .blob(digest.column)
    ) { _ in true } ?? false
  }
}
