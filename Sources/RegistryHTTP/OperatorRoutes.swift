import RegistryCore
import RegistryService
import Wire

/// The operator API: what `shoal image`, `tag` and `blob` ask over the node's own socket.
struct OperatorRoutes: Sendable {
  let registry: Registry
  let node: NodeDocument
  let torrents: TorrentOperations
  let fleet: FleetRoutes

  func respond(to request: Request, _ body: any RequestBody, _ path: String) async throws(RegistryError) -> Response {
    let query = Query(request.query)
    if let response = try await torrents.respond(to: request, body, path, query) { return response }
    if let response = try await fleet.respond(to: request, body, path, query) { return response }
    switch (request.method, path) {
    case (.get, "node"): return .json(node)
    case (.get, "images"): return .json(try await repositories())
    case (.get, "images/tags"): return .json(try await tags(of: try query.repository()))
    case (.get, "images/inspect"): return .json(try await inspect(try query.repository(), try query.reference()))
    case (.delete, "images"):
      try await registry.manifests.delete(try query.reference(), from: try query.repository())
      return Response(status: 204)
    case (.get, "tags/history"): return .json(try await history(query))
    case (.post, "tags/rollback"): return .json(try await rollback(query))
    case (.post, "blobs/verify"): return verification(quarantines: query["report-only"] == nil)
    default:
      throw RegistryError(.nameUnknown, "the operator API of this node does not know \(request.method.token) \(path)")
    }
  }

  // MARK: - Images

  private func repositories() async throws(RegistryError) -> [RepositoryDocument] {
    var documents: [RepositoryDocument] = []
    var last: String?
    while true {
      let page = try await registry.catalogue.repositories(after: last, limit: 500)
      for repository in page.elements {
        let manifests = try await registry.catalogue.manifests(of: repository)
        let tags = manifests.reduce(0) { $0 + $1.tags.count }
        documents.append(RepositoryDocument(repository: repository.text, tags: tags, manifests: manifests.count))
      }
      guard page.hasMore, let end = page.elements.last else { return documents }
      last = end.text
    }
  }

  private func tags(of repository: RepositoryName) async throws(RegistryError) -> [TagDocument] {
    let manifests = try await registry.catalogue.manifests(of: repository)
    guard !manifests.isEmpty else { throw RegistryError(.nameUnknown, "there is no repository \(repository)") }
    let documents = manifests.flatMap { manifest in
      manifest.tags.map { tag in
        TagDocument(
          tag: tag.text, digest: manifest.digest.description, mediaType: manifest.facts.mediaType.text,
          size: manifest.facts.size, pushedAtMilliseconds: manifest.clock.milliseconds)
      }
    }
    return documents.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
  }

  private func inspect(_ repository: RepositoryName, _ reference: Reference)
    async throws(RegistryError) -> ImageDocument
  {
    let manifest = try await registry.manifests.resolve(reference, in: repository)
    let bytes = try await registry.manifests.bytes(of: manifest, in: repository)
    let document = try ManifestDocument(bytes: bytes, contentType: manifest.mediaType)
    let summary = try await registry.catalogue.manifests(of: repository).first { $0.digest == manifest.digest }
    var blobs: [ImageDocument.Entry] = []
    for blob in document.blobs {
      blobs.append(blob.entry(isPresent: try await registry.blobs.holds(blob.digest, in: repository)))
    }
    var children: [ImageDocument.Entry] = []
    for child in document.children {
      children.append(child.entry(isPresent: try await registry.manifests.holds(child.digest, in: repository)))
    }
    return ImageDocument(
      repository: repository.text, digest: manifest.digest.description, mediaType: manifest.mediaType.text,
      size: manifest.size, tags: (summary?.tags ?? []).map(\.text), subject: document.facts.subject?.description,
      artifactType: document.facts.artifactType, blobs: blobs, manifests: children,
      keeping: try await fleet.fleet?.keepers(of: manifest.digest, in: repository))
  }

  // MARK: - Tags

  private func history(_ query: Query) async throws(RegistryError) -> [TagEventDocument] {
    let limit = try query.pageSize() ?? 100
    let events = try await registry.manifests.history(
      of: try query.tag(), in: try query.repository(), limit: min(limit, 1000))
    return events.map { event in
      TagEventDocument(
        digest: event.digest?.description, atMilliseconds: event.clock.milliseconds, isPresent: event.isPresent)
    }
  }

  private func rollback(_ query: Query) async throws(RegistryError) -> RollbackDocument {
    let (repository, tag) = (try query.repository(), try query.tag())
    var target: Digest?
    if let text = query["to"] { target = try Digest(parsing: text) }
    let digest = try await registry.manifests.rollback(tag, in: repository, to: target)
    return RollbackDocument(repository: repository.text, tag: tag.text, digest: digest.description)
  }

  // MARK: - Blobs

  /// A line of JSON for each step, so that a long walk is seen to go on.
  private func verification(quarantines: Bool) -> Response {
    .lines(VerificationLines(walk: registry.verification(quarantines: quarantines)))
  }
}

private struct VerificationLines: LineSource {
  let walk: BlobVerification

  func next() async throws -> VerificationDocument? {
    while let step = try await walk.next() {
      switch step {
      case .progress(let report): return document(report, isFinished: false)
      case .finished(let report): return document(report, isFinished: true)
      case .rotten: continue
      }
    }
    return nil
  }

  private func document(_ report: BlobVerificationReport, isFinished: Bool) -> VerificationDocument {
    VerificationDocument(
      checkedBlobs: report.checkedBlobs, checkedBytes: report.checkedBytes, checkedShelves: report.checkedShelves,
      rotten: report.rotten.map(\.description), quarantined: report.quarantined, isFinished: isFinished)
  }
}

extension ManifestDocument.Descriptor {
  fileprivate func entry(isPresent: Bool) -> ImageDocument.Entry {
    ImageDocument.Entry(digest: digest.description, mediaType: mediaType, size: size, isPresent: isPresent)
  }
}
