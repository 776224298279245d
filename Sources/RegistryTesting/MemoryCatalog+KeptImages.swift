import RegistryCore

extension MemoryCatalog: KeptImages {
  public func images(after position: Int64, limit: Int) async throws(RegistryError) -> [PresentImage] {
    page(after: position, limit: limit) { _ in true }
  }

  public func lackingImages(
    after position: Int64, limit: Int, named time: Range<HybridTime>
  ) async throws(RegistryError) -> [PresentImage] {
    page(after: position, limit: limit) { $0.keeping?.isWhole == false && time.contains($0.clock) }
  }

  private func page(
    after position: Int64, limit: Int, _ isMeant: (PresentImage) -> Bool
  ) -> [PresentImage] {
    let all = state.withLock { state in
      state.repositories.flatMap { repository, held in held.manifests.keys.map { held.image($0, in: repository) } }
    }
    return Array(
      all.compactMap { $0 }.filter { $0.position > position && isMeant($0) }
        .sorted { $0.position < $1.position }.prefix(max(0, limit)))
  }

  public func image(_ name: ImageName) async throws(RegistryError) -> PresentImage? {
    state.withLock { $0.repositories[name.repository]?.image(name.digest, in: name.repository) }
  }

  public func keep(_ name: ImageName, isWhole: Bool) async throws(RegistryError) -> Bool {
    state.withLock { state in
      guard let held = state.repositories[name.repository], held.manifests[name.digest] != nil else { return false }
      let before = held.kept[name.digest] ?? Keeping(isWhole: isWhole)
      state.repositories[name.repository]?.kept[name.digest] = Keeping(
        isWhole: before.isWhole || isWhole, others: before.others)
      return true
    }
  }

  public func note(_ keeping: Keeping, of name: ImageName) async throws(RegistryError) {
    state.withLock { state in
      guard state.repositories[name.repository]?.kept[name.digest] != nil else { return }
      state.repositories[name.repository]?.kept[name.digest] = keeping
    }
  }

  public func letGo(_ name: ImageName?) async throws(RegistryError) {
    state.withLock { state in
      for repository in state.repositories.keys where name == nil { state.repositories[repository]?.kept = [:] }
      if let name { state.repositories[name.repository]?.kept[name.digest] = nil }
    }
  }

  public func keptTotals() async throws(RegistryError) -> KeptTotals {
    state.withLock { state in
      let all = state.repositories.values.flatMap(\.kept.values)
      return KeptTotals(images: Int64(all.count), lacking: Int64(all.count { !$0.isWhole }))
    }
  }
}

extension MemoryCatalog.Repository {
  fileprivate func image(_ digest: Digest, in repository: RepositoryName) -> PresentImage? {
    manifests[digest].map { manifest in
      PresentImage(
        position: manifest.clock.rawValue, name: ImageName(digest, in: repository), clock: manifest.clock,
        keeping: kept[digest])
    }
  }
}
