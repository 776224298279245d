import RegistryCore

extension MemoryCatalog: Names {
  public func resolve(
    _ reference: Reference, in repository: RepositoryName
  ) async throws(RegistryError) -> StoredManifest? {
    state.withLock { state in
      guard let held = state.repositories[repository] else { return nil }
      let digest: Digest? =
        switch reference {
        case .digest(let digest): digest
        case .tag(let tag): held.tags[tag]
        }
      guard let digest, let manifest = held.manifests[digest] else { return nil }
      return StoredManifest(
        digest: digest, mediaType: manifest.facts.mediaType, size: manifest.facts.size, bytes: manifest.document?.bytes)
    }
  }

  public func publish(_ publication: Publication) async throws(RegistryError) -> PublishOutcome {
    state.withLock { state in
      var held = state.repositories[publication.repository] ?? Repository()
      let missing = held.missing(for: publication)
      guard missing.isEmpty else { return .missing(missing) }
      if held.manifests[publication.digest]?.facts != publication.document.facts || publication.saysAgain {
        let time = claim(
          .manifest(publication.repository, publication.digest, .present(publication.document.facts)), in: &state)
        held.manifests[publication.digest] = PresentManifest(publication.document, clock: time)
        state.owed.removeAll { $0.repository == publication.repository && $0.digest == publication.digest }
      } else if let present = held.manifests[publication.digest], present.document == nil {
        held.manifests[publication.digest] = PresentManifest(publication.document, clock: present.clock)
      }
      for tag in publication.tags where held.tags[tag] != publication.digest || publication.saysAgain {
        _ = claim(.tag(publication.repository, tag, publication.digest), in: &state)
        held.tags[tag] = publication.digest
      }
      state.repositories[publication.repository] = held
      if let ticket = publication.ticket { state.keep(ticket) }
      return .published
    }
  }

  public func document(
    _ digest: Digest, as document: ManifestDocument, in repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    state.withLock { state in
      guard let present = state.repositories[repository]?.manifests[digest] else { return false }
      state.repositories[repository]?.manifests[digest] = PresentManifest(document, clock: present.clock)
      return true
    }
  }

  /// Another writer says that a manifest is present, which this node has not read, and points a tag at it.
  public func hear(of digest: Digest, _ facts: ManifestFacts, tag: Tag?, in repository: RepositoryName) {
    state.withLock { state in
      let time = claim(.manifest(repository, digest, .present(facts)), in: &state)
      var held = state.repositories[repository] ?? Repository()
      held.manifests[digest] = PresentManifest(unread: facts, clock: time)
      if let tag { held.tags[tag] = digest }
      state.repositories[repository] = held
    }
  }

  /// Another writer says that a manifest is gone.
  public func hear(thatWent digest: Digest, from repository: RepositoryName) {
    state.withLock { state in
      _ = claim(.manifest(repository, digest, .gone), in: &state)
      guard state.repositories[repository]?.manifests.removeValue(forKey: digest) != nil else { return }
      state.repositories[repository]?.kept[digest] = nil
      state.lastOwedID += 1
      state.owed.append(OwedUnshelving(id: state.lastOwedID, repository: repository, digest: digest))
    }
  }

  public func retract(
    _ digest: Digest, from repository: RepositoryName
  ) async throws(RegistryError) -> OwedUnshelving? {
    state.withLock { state in
      guard let held = state.repositories[repository], held.manifests[digest] != nil else { return nil }
      for tag in held.tags(naming: digest) {
        _ = claim(.tag(repository, tag, nil), in: &state)
        state.repositories[repository]?.tags[tag] = nil
      }
      _ = claim(.manifest(repository, digest, .gone), in: &state)
      state.repositories[repository]?.manifests[digest] = nil
      state.repositories[repository]?.kept[digest] = nil
      state.lastOwedID += 1
      let owed = OwedUnshelving(id: state.lastOwedID, repository: repository, digest: digest)
      state.owed.append(owed)
      return owed
    }
  }

  public func untag(_ tag: Tag, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    state.withLock { state in
      guard state.repositories[repository]?.tags.removeValue(forKey: tag) != nil else { return false }
      _ = claim(.tag(repository, tag, nil), in: &state)
      return true
    }
  }

  public func history(
    of tag: Tag, in repository: RepositoryName, limit: Int
  ) async throws(RegistryError) -> [TagEvent] {
    state.withLock { state in
      var events: [TagEvent] = []
      for claim in state.claims.reversed() {
        guard case .tag(repository, tag, let digest) = claim.statement else { continue }
        let isPresent = digest.map { state.repositories[repository]?.manifests[$0] != nil } ?? false
        if let last = events.last, last.digest == digest { events.removeLast() }
        guard events.count < limit else { break }
        events.append(TagEvent(digest: digest, clock: claim.clock, isPresent: isPresent))
      }
      return events
    }
  }
}

extension MemoryCatalog.Repository {
  func tags(naming digest: Digest) -> [Tag] {
    tags.filter { $0.value == digest }.map(\.key).sorted()
  }

  fileprivate func missing(for publication: Publication) -> [Digest] {
    var missing: [Digest] = []
    for blob in publication.document.blobs {
      let assumed = publication.mayLack(blob.digest) ? blob.size : nil
      if (links[blob.digest] ?? assumed) != blob.size { missing.append(blob.digest) }
    }
    for child in publication.document.children {
      let assumed = publication.demands == .everything ? nil : child.size
      let size = manifests[child.digest].map { Int64($0.facts.size) }
      if (size ?? assumed) != child.size { missing.append(child.digest) }
    }
    var seen: Set<Digest> = []
    return missing.filter { seen.insert($0).inserted }
  }
}
