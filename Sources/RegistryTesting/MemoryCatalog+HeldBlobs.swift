import RegistryCore

extension MemoryCatalog: HeldBlobs {
  public func held(after last: Digest?, limit: Int) async throws(RegistryError) -> [Digest] {
    let all = state.withLock { state in Set(state.repositories.values.flatMap(\.links.keys)) }
    return Array(all.filter { digest in last.map { $0 < digest } ?? true }.sorted().prefix(max(0, limit)))
  }
}
