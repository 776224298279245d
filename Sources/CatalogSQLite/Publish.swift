import RegistryCore

extension WriteTransaction {
  mutating func publish(_ publication: Publication) throws(RegistryError) -> PublishOutcome {
    let known = try repository(publication.repository)
    let missing = try missing(for: publication, in: known)
    guard missing.isEmpty else { return .missing(missing) }

    let repository = try repositoryOrNew(publication.repository)
    try publishManifest(publication, in: repository)
    for tag in publication.tags where try digest(of: tag, in: repository) != publication.digest {
      try claim(tag, names: publication.digest, in: repository)
    }
    return .published
  }

  private mutating func publishManifest(
    _ publication: Publication, in repository: KnownRepository
  ) throws(RegistryError) {
    let present = try connection.first(
      """
      SELECT media_type, size, subject, artifact_type, documented FROM manifest WHERE repository = ?1 AND digest = ?2
      """,
      .integer(repository.row), .blob(publication.digest.column)
    ) { row throws(RegistryError) in (facts: try row.facts(from: 0), documented: row.integer(4) == 1) }

    if present?.facts != publication.document.facts {
      try claimPresent(publication.digest, as: publication.document, in: repository)
    } else if present?.documented == false {
      try deriveManifest(publication.digest, in: repository, document: publication.document)
    }
  }

  private func digest(of tag: Tag, in repository: KnownRepository) throws(RegistryError) -> Digest? {
    try connection.first(
      "SELECT digest FROM tag WHERE repository = ?1 AND name = ?2", .integer(repository.row), .text(tag.text)
    ) { row throws(RegistryError) in try row.digest(0) }
  }

  /// What the manifest names and the repository lacks, each once, in the manifest's order.
  private func missing(
    for publication: Publication, in repository: KnownRepository?
  ) throws(RegistryError) -> [Digest] {
    var missing: [Digest] = []
    var seen: Set<Digest> = []
    for blob in publication.document.blobs where try !has(blob, in: repository) {
      if seen.insert(blob.digest).inserted { missing.append(blob.digest) }
    }
    guard !publication.sparse else { return missing }
    for child in publication.document.children where try !hasManifest(child, in: repository) {
      if seen.insert(child.digest).inserted { missing.append(child.digest) }
    }
    return missing
  }

  private func has(
    _ blob: ManifestDocument.Descriptor, in repository: KnownRepository?
  ) throws(RegistryError) -> Bool {
    guard let repository else { return false }
    return try connection.first(
      "SELECT 1 FROM link WHERE repository = ?1 AND digest = ?2 AND size = ?3",
      .integer(repository.row), .blob(blob.digest.column), .integer(blob.size)
    ) { _ in true } ?? false
  }

  private func hasManifest(
    _ child: ManifestDocument.Descriptor, in repository: KnownRepository?
  ) throws(RegistryError) -> Bool {
    guard let repository else { return false }
    return try connection.first(
      "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2 AND size = ?3",
      .integer(repository.row), .blob(child.digest.column), .integer(child.size)
    ) { _ in true } ?? false
  }
}
