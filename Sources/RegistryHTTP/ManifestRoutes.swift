import RegistryCore
import RegistryService
import Wire

/// `/v2/<name>/manifests/<tag-or-digest>` (distribution-spec 1.1, end-3, end-7, end-9).
struct ManifestRoutes: Sendable {
  let registry: Registry
  let torrents: TorrentRoutes

  func respond(
    to request: Request, _ body: any RequestBody, _ repository: RepositoryName, _ reference: Reference
  ) async throws(RegistryError) -> Response {
    switch request.method {
    case .get, .head: try await pull(request, repository, reference)
    case .put: try await push(request, body, repository, reference)
    case .delete: try await delete(repository, reference)
    default: .methodNotAllowed("GET, HEAD, PUT, DELETE")
    }
  }

  /// What is stored is what is served, whatever the client accepts: a manifest is never converted. But it has a torrent, like
  /// any blob.
  private func pull(_ request: Request, _ repository: RepositoryName, _ reference: Reference)
    async throws(RegistryError) -> Response
  {
    let wanted = Representation(request)
    if wanted != .bytes, let refusal = torrents.refusal(of: wanted, in: repository) { return refusal }
    let manifest = try await registry.manifests.resolve(reference, in: repository)
    if wanted != .bytes {
      return try await torrents.respond(
        to: request, wanted, of: manifest.digest, in: repository, path: PartPath.manifest(manifest.digest, repository))
    }
    let digest = manifest.digest.description
    var fields = Fields([
      ("Content-Type", manifest.mediaType.text), ("Docker-Content-Digest", digest), ("ETag", "\"\(digest)\""),
      ("X-Content-Type-Options", "nosniff"),
    ])
    if torrents.isPublic(repository) {
      let path = PartPath.manifest(manifest.digest, repository)
      torrents.describe(manifest.digest, Int64(manifest.size), path: path, in: &fields)
    }
    if request.alreadyHas(digest) { return Response(status: 304, fields: fields) }
    if request.method == .head {
      return Response(status: 200, fields: fields, body: .absent(length: Int64(manifest.size)))
    }
    return Response(
      status: 200, fields: fields, body: .bytes(try await registry.manifests.bytes(of: manifest, in: repository)))
  }

  private func push(
    _ request: Request, _ body: any RequestBody, _ repository: RepositoryName, _ reference: Reference
  ) async throws(RegistryError) -> Response {
    let tags = try moreTags(Query(request.query), reference)
    let contentType = try contentType(of: request)
    let bytes = try await collect(body)
    let pushed = try await registry.manifests.push(
      bytes, contentType: contentType, to: reference, moreTags: tags, in: repository)
    var fields = Fields([
      ("Location", "/v2/\(repository)/manifests/\(pushed.digest)"),
      ("Docker-Content-Digest", pushed.digest.description),
    ])
    if let subject = pushed.subject { fields.append("OCI-Subject", subject.description) }
    if !tags.isEmpty { fields.append("OCI-Tag", tags.map(\.text).joined(separator: ", ")) }
    return Response(status: 201, fields: fields)
  }

  private func delete(_ repository: RepositoryName, _ reference: Reference) async throws(RegistryError) -> Response {
    try await registry.manifests.delete(reference, from: repository)
    return Response(status: 202)
  }

  /// Tags given besides a digest: `PUT …/manifests/<digest>?tag=a&tag=b`.
  private func moreTags(_ query: Query, _ reference: Reference) throws(RegistryError) -> [Tag] {
    guard case .digest = reference else { return [] }
    var tags: [Tag] = []
    for text in query.all("tag") { tags.append(try Tag(parsing: text)) }
    return tags
  }

  private func contentType(of request: Request) throws(RegistryError) -> MediaType? {
    guard let text = request.fields["Content-Type"] else { return nil }
    guard let type = MediaType(parsing: text) else {
      throw RegistryError(.manifestInvalid, "the Content-Type is not a media type; send the manifest's own")
    }
    return type
  }

  private func collect(_ body: any RequestBody) async throws(RegistryError) -> [UInt8] {
    let limit = registry.limits.manifestBytes
    guard body.length ?? 0 <= limit else { throw RegistryError.manifestTooLarge(limit) }
    var bytes: [UInt8] = []
    while let piece = try await body.piece() {
      guard bytes.count + piece.count <= limit else { throw RegistryError.manifestTooLarge(limit) }
      bytes += piece
    }
    return bytes
  }
}

extension Request {
  /// RFC 9110 §13.1.2: the client holds this representation already.
  func alreadyHas(_ digest: String) -> Bool {
    guard let held = fields["If-None-Match"] else { return false }
    return held.split(separator: ",").contains { entry in
      let tag = entry.drop { $0 == " " }.prefix { $0 != " " }
      return tag == "*" || tag == "\"\(digest)\"" || tag == "W/\"\(digest)\""
    }
  }
}

extension RequestBody {
  /// The next bytes, with what went wrong in the registry's words.
  func piece() async throws(RegistryError) -> [UInt8]? {
    do throws(BodyError) {
      return try await next()
    } catch {
      switch error {
      case .disconnected: throw RegistryError(.uploadInvalid, "the request ended before its body did")
      case .malformed: throw RegistryError(.uploadInvalid, "the body's framing is malformed")
      case .tooSlow: throw RegistryError(.uploadInvalid, "the body came too slowly; go on where it stopped")
      case .stopping: throw RegistryError(.unavailable, "the node is stopping; go on when it is back")
      }
    }
  }
}
