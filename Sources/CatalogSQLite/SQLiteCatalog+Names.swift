import RegistryCore

extension SQLiteCatalog: Names {
  public func resolve(
    _ reference: Reference, in repository: RepositoryName
  ) async throws(RegistryError) -> StoredManifest? {
    let key = ManifestKey(repository: repository, reference: reference)
    switch caches.manifests.lookup(key) {
    case .hit(let manifest):
      return manifest
    case .miss(let permit):
      let found = try await readers.read { connection throws(RegistryError) in
        try connection.manifest(reference, in: repository)
      }
      if let found { caches.manifests.keep(found, for: key, permit: permit) }
      return found
    }
  }

  public func publish(_ publication: Publication) async throws(RegistryError) -> PublishOutcome {
    try await commits.write { transaction throws(RegistryError) in try transaction.publish(publication) }
  }

  public func document(
    _ digest: Digest, as document: ManifestDocument, in repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.document(digest, as: document, in: repository)
    }
  }

  public func retract(
    _ digest: Digest, from repository: RepositoryName
  ) async throws(RegistryError) -> OwedUnshelving? {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.retract(digest, from: repository)
    }
  }

  public func untag(_ tag: Tag, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await commits.write { transaction throws(RegistryError) in try transaction.untag(tag, in: repository) }
  }

  public func history(
    of tag: Tag, in repository: RepositoryName, limit: Int
  ) async throws(RegistryError) -> [TagEvent] {
    try await readers.read { connection throws(RegistryError) in
      try connection.history(of: tag, in: repository, limit: limit)
    }
  }
}
