import RegistryCore

struct ManifestKey: Hashable, Sendable {
  let repository: RepositoryName
  let reference: Reference
}

struct LinkKey: Hashable, Sendable {
  let repository: RepositoryName
  let digest: Digest
}

/// What is kept in memory in front of the database: what pulls ask. Only answers of yes.
struct CatalogCaches: Sendable {
  let manifests: AnswerCache<ManifestKey, StoredManifest>
  let links: AnswerCache<LinkKey, Int64>

  /// The two tables' bookkeeping and the key's own allocations, for an entry of either.
  private static let entryOverheadBytes = 512

  init(manifestByteLimit: Int, linkByteLimit: Int) {
    manifests = AnswerCache(byteLimit: manifestByteLimit) { _, manifest in
      Self.entryOverheadBytes + (manifest.bytes?.count ?? 0)
    }
    links = AnswerCache(byteLimit: linkByteLimit) { _, _ in Self.entryOverheadBytes }
  }

  func hold(_ touched: Touched) {
    if touched.everyManifest { manifests.holdAll() } else { manifests.hold(touched.manifests) }
    links.hold(touched.links)
  }

  func release(_ touched: Touched) {
    if touched.everyManifest { manifests.releaseAll() } else { manifests.release(touched.manifests) }
    links.release(touched.links)
  }
}
