import RegistryCore

extension MemoryCatalog: UnreadManifests {
  public func unread(after position: Int64, limit: Int) async throws(RegistryError) -> [UnreadManifest] {
    let all = state.withLock { state in state.repositories.flatMap { $0.value.unread(in: $0.key) } }
    return Array(all.filter { $0.position > position }.sorted { $0.position < $1.position }.prefix(max(0, limit)))
  }

  /// All that is heard here was said by one writer, which the memory does not tell from its own.
  public func claimant(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> NodeID? {
    state.withLock { state in
      let last = state.claims.last {
        if case .manifest(repository, digest, _) = $0.statement { true } else { false }
      }
      return last?.writer.node
    }
  }

  public func unread(
    in repository: RepositoryName, limit: Int
  ) async throws(RegistryError) -> [UnreadManifest] {
    let all = state.withLock { $0.repositories[repository]?.unread(in: repository) ?? [] }
    return Array(all.sorted { $0.position > $1.position }.prefix(max(0, limit)))
  }
}

extension MemoryCatalog.Repository {
  /// A clock of this catalogue is never used twice, and rises as it hears.
  fileprivate func unread(in repository: RepositoryName) -> [UnreadManifest] {
    manifests.filter { $0.value.document == nil }.map {
      UnreadManifest(position: $0.value.clock.rawValue, repository: repository, digest: $0.key)
    }
  }
}
