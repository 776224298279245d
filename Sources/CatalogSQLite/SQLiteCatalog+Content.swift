import RegistryCore

extension SQLiteCatalog: Content {
  public func link(
    _ blob: StoredBlob, ticket: TicketEntry?, to repository: RepositoryName
  ) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.link(blob, to: repository)
      if let ticket { try transaction.keep(ticket) }
    }
  }

  public func linkedSize(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Int64? {
    let key = LinkKey(repository: repository, digest: digest)
    switch caches.links.lookup(key) {
    case .hit(let size):
      return size
    case .miss(let permit):
      let found = try await readers.read { connection throws(RegistryError) in
        try connection.linkedSize(of: digest, in: repository)
      }
      if let found { caches.links.keep(found, for: key, permit: permit) }
      return found
    }
  }

  public func unlink(
    _ digest: Digest, from repository: RepositoryName, refusingNeeded: Bool
  ) async throws(RegistryError) -> UnlinkOutcome {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.unlink(digest, from: repository, refusingNeeded: refusingNeeded)
    }
  }

  public func holder(of digest: Digest) async throws(RegistryError) -> RepositoryName? {
    try await readers.read { connection throws(RegistryError) in try connection.holder(of: digest) }
  }

  public func owedUnshelvings(limit: Int) async throws(RegistryError) -> [OwedUnshelving] {
    try await readers.read { connection throws(RegistryError) in try connection.owedUnshelvings(limit: limit) }
  }

  public func settle(_ owed: OwedUnshelving) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.settle(owed)
    }
  }
}
