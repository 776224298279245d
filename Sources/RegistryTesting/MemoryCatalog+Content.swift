import RegistryCore

extension MemoryCatalog: Content {
  public func link(
    _ blob: StoredBlob, ticket: TicketEntry?, to repository: RepositoryName
  ) async throws(RegistryError) {
    state.withLock { state in
      state.repositories[repository, default: Repository()].links[blob.digest] = blob.size
      if let ticket { state.keep(ticket) }
    }
  }

  public func linkedSize(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Int64? {
    state.withLock { $0.repositories[repository]?.links[digest] }
  }

  public func unlink(
    _ digest: Digest, from repository: RepositoryName, refusingNeeded: Bool
  ) async throws(RegistryError) -> UnlinkOutcome {
    state.withLock { state in
      guard let held = state.repositories[repository], held.links[digest] != nil else { return .absent }
      if refusingNeeded, let needing = held.manifest(needing: digest) { return .needed(by: needing) }
      state.repositories[repository]?.links[digest] = nil
      return .unlinked
    }
  }

  public func manifest(
    needing blob: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Digest? {
    state.withLock { $0.repositories[repository]?.manifest(needing: blob) }
  }

  public func holder(of digest: Digest) async throws(RegistryError) -> RepositoryName? {
    state.withLock { $0.repositories.first { $0.value.links[digest] != nil }?.key }
  }

  public func owedUnshelvings(limit: Int) async throws(RegistryError) -> [OwedUnshelving] {
    state.withLock { Array($0.owed.prefix(max(0, limit))) }
  }

  public func settle(_ owed: OwedUnshelving) async throws(RegistryError) {
    state.withLock { state in state.owed.removeAll { $0.id == owed.id } }
  }
}

extension MemoryCatalog.Repository {
  fileprivate func manifest(needing blob: Digest) -> Digest? {
    manifests.first { ($0.value.document?.blobs ?? []).contains { $0.digest == blob } }?.key
  }
}
