import RegistryCore

extension MemoryCatalog: Catalogue {
  public func repositories(
    after last: String?, limit: Int
  ) async throws(RegistryError) -> Page<RepositoryName> {
    state.withLock { state in
      let named = state.repositories.filter { !$0.value.manifests.isEmpty }.map(\.key)
      return Page(of: named, text: \.text, after: last, limit: limit)
    }
  }

  public func tags(
    of repository: RepositoryName, after last: String?, limit: Int
  ) async throws(RegistryError) -> Page<Tag>? {
    state.withLock { state in
      state.repositories[repository].map { held in
        Page(of: Array(held.tags.keys), text: \.text, after: last, limit: limit)
      }
    }
  }

  public func referrers(
    of digest: Digest, in repository: RepositoryName, artifactType: String?
  ) async throws(RegistryError) -> [Referrer] {
    state.withLock { state in
      let manifests = state.repositories[repository]?.manifests ?? [:]
      return manifests.sorted { $0.key < $1.key }.compactMap { key, manifest in
        let facts = manifest.facts
        guard facts.subject == digest, artifactType == nil || artifactType == facts.artifactType else { return nil }
        return Referrer(
          digest: key, mediaType: facts.mediaType, size: facts.size, artifactType: facts.artifactType,
          annotations: manifest.document?.annotations ?? [:])
      }
    }
  }

  public func manifests(of repository: RepositoryName) async throws(RegistryError) -> [ManifestSummary] {
    state.withLock { state in
      guard let held = state.repositories[repository] else { return [] }
      return held.manifests.sorted { $0.key < $1.key }.map { digest, manifest in
        ManifestSummary(
          digest: digest, facts: manifest.facts, tags: held.tags(naming: digest), clock: manifest.clock)
      }
    }
  }
}

extension Page {
  fileprivate init(of all: [Element], text: (Element) -> String, after last: String?, limit: Int) {
    let bytes = all.map { (element: $0, utf8: Array(text($0).utf8)) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let rest = bytes.filter { entry in last.map { $0.utf8.lexicographicallyPrecedes(entry.utf8) } ?? true }
    self.init(elements: rest.prefix(max(0, limit)).map(\.element), hasMore: limit > 0 && rest.count > limit)
  }
}
