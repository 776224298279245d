import RegistryCore

extension WriteTransaction {
  mutating func publish(_ publication: Publication) throws(RegistryError) -> PublishOutcome {
    let known = try repository(publication.repository)
    let missing = try missing(for: publication, in: known)
    guard missing.isEmpty else { return .missing(missing) }

    let repository = try repositoryOrNew(publication.repository)
    try publishManifest(publication, in: repository)
    for tag in publication.tags {
      let isSo = try digest(of: tag, in: repository) == publication.digest
      guard mustClaim(.tag, publication, isSo: isSo) else { continue }
      try claim(tag, names: publication.digest, in: repository)
    }
    if let ticket = publication.ticket { try keep(ticket) }
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

    let isSo = present?.facts == publication.document.facts
    if mustClaim(.manifest, publication, isSo: isSo) {
      try claimPresent(publication.digest, as: publication.document, in: repository)
    } else if present?.documented == false {
      try derive(.manifest(publication.digest, in: repository), document: publication.document)
    }
  }

  /// Keeps what a manifest says that is present by a claim of another. Writes none of its own.
  mutating func document(
    _ digest: Digest, as document: ManifestDocument, in name: RepositoryName
  ) throws(RegistryError) -> Bool {
    guard let repository = try repository(name) else { return false }
    let isDocumented = try connection.first(
      "SELECT documented FROM manifest WHERE repository = ?1 AND digest = ?2", .integer(repository.row),
      .blob(digest.column)
    ) { $0.integer(0) == 1 }
    if isDocumented == false { try derive(.manifest(digest, in: repository), document: document) }
    return isDocumented != nil
  }

  private func mustClaim(_ kind: ClaimKind, _ publication: Publication, isSo: Bool) -> Bool {
    rules.mustClaim(kind, in: publication.repository, isSo: isSo, saysAgain: publication.saysAgain)
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
    for blob in publication.document.blobs {
      let assumed = publication.mayLack(blob.digest) ? blob.size : nil
      let size = try size(ofBlob: blob.digest, in: repository) ?? assumed
      if size != blob.size, seen.insert(blob.digest).inserted { missing.append(blob.digest) }
    }
    for child in publication.document.children {
      let size =
        try size(ofManifest: child.digest, in: repository) ?? (publication.demands == .everything ? nil : child.size)
      if size != child.size, seen.insert(child.digest).inserted { missing.append(child.digest) }
    }
    return missing
  }

  private func size(ofBlob digest: Digest, in repository: KnownRepository?) throws(RegistryError) -> Int64? {
    guard let repository else { return nil }
    return try connection.first(
      "SELECT size FROM link WHERE repository = ?1 AND digest = ?2", .integer(repository.row), .blob(digest.column)
    ) { $0.integer(0) }
  }

  private func size(ofManifest digest: Digest, in repository: KnownRepository?) throws(RegistryError) -> Int64? {
    guard let repository else { return nil }
    return try connection.first(
      "SELECT size FROM manifest WHERE repository = ?1 AND digest = ?2", .integer(repository.row),
      .blob(digest.column)
    ) { $0.integer(0) }
  }
}
