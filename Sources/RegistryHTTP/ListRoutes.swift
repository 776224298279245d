import RegistryCore
import RegistryService
import Wire

/// Lists: `_catalog`, `tags/list` (end-8), `referrers` (end-12).
struct ListRoutes: Sendable {
  let registry: Registry

  /// The longest page. A client that asks for more, or for all, follows the `Link`.
  static let pageLimit = 10_000

  func catalog(_ request: Request) async throws(RegistryError) -> Response {
    guard request.isRead else { return .methodNotAllowed("GET, HEAD") }
    let query = Query(request.query)
    let limit = try pageLimit(query)
    try await registry.reading.begin(.catalogue)
    let page = try await registry.catalogue.repositories(after: query["last"], limit: limit)
    var response = Response.json(CatalogDocument(repositories: page.elements.map(\.text)))
    if limit > 0, page.hasMore, let last = page.elements.last {
      response.fields.append("Link", next("/v2/_catalog", ["n=\(limit)", "last=\(Query.encode(last.text))"]))
    }
    return response
  }

  func tags(_ request: Request, _ repository: RepositoryName) async throws(RegistryError) -> Response {
    guard request.isRead else { return .methodNotAllowed("GET, HEAD") }
    let query = Query(request.query)
    let limit = try pageLimit(query)
    try await registry.reading.begin(.catalogue)
    guard let page = try await registry.catalogue.tags(of: repository, after: query["last"], limit: limit) else {
      throw RegistryError(.nameUnknown, "there is no repository \(repository); push to it to make it")
    }
    var response = Response.json(TagsDocument(name: repository.text, tags: page.elements.map(\.text)))
    if limit > 0, page.hasMore, let last = page.elements.last {
      let path = "/v2/\(repository)/tags/list"
      response.fields.append("Link", next(path, ["n=\(limit)", "last=\(Query.encode(last.text))"]))
    }
    return response
  }

  func referrers(_ request: Request, _ repository: RepositoryName, _ subject: Digest)
    async throws(RegistryError) -> Response
  {
    guard request.isRead else { return .methodNotAllowed("GET, HEAD") }
    let filter = Query(request.query)["artifactType"].flatMap { $0.isEmpty ? nil : $0 }
    try await registry.reading.begin(.catalogue)
    let referrers = try await registry.catalogue.referrers(of: subject, in: repository, artifactType: filter)
    let document = ReferrersDocument(manifests: referrers.map(ReferrersDocument.Descriptor.init))
    var response = Response.json(document, mediaType: MediaType.ociIndex.text)
    if filter != nil { response.fields.append("OCI-Filters-Applied", "artifactType") }
    return response
  }

  private func pageLimit(_ query: Query) throws(RegistryError) -> Int {
    min(try query.pageSize() ?? Self.pageLimit, Self.pageLimit)
  }

  private func next(_ path: String, _ query: [String]) -> String {
    "<\(path)?\(query.joined(separator: "&"))>; rel=\"next\""
  }
}

extension Request {
  var isRead: Bool { method == .get || method == .head }
}

private struct CatalogDocument: Encodable {
  let repositories: [String]
}

private struct TagsDocument: Encodable {
  let name: String
  let tags: [String]
}

private struct ReferrersDocument: Encodable {
  var schemaVersion = 2
  var mediaType = MediaType.ociIndex.text
  let manifests: [Descriptor]

  struct Descriptor: Encodable {
    let mediaType: String
    let digest: String
    let size: Int
    let artifactType: String?
    let annotations: [String: String]?

    init(_ referrer: Referrer) {
      mediaType = referrer.mediaType.text
      digest = referrer.digest.description
      size = referrer.size
      artifactType = referrer.artifactType
      annotations = referrer.annotations.isEmpty ? nil : referrer.annotations
    }
  }
}
