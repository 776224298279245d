import RegistryCore
import RegistryService
import Wire

/// `/v2/<name>/blobs/uploads/…` (distribution-spec 1.1, end-4, end-5, end-6, end-11, end-13, end-14).
struct UploadRoutes: Sendable {
  let registry: Registry
  /// Announced to clients as `OCI-Chunk-Min-Length`; 0 announces nothing.
  let chunkMinimumBytes: Int

  // MARK: - POST

  func start(_ request: Request, _ body: any RequestBody, _ repository: RepositoryName)
    async throws(RegistryError) -> Response
  {
    guard request.method == .post else { return .methodNotAllowed("POST") }
    let query = Query(request.query)
    if let mount = query["mount"], try await mounts(mount, from: query["from"], into: repository) {
      return created(try Digest(parsing: mount), in: repository)
    }
    if let text = query["digest"] {
      return try await receiveWhole(body, as: try Digest(parsing: text), in: repository)
    }
    let visit = try await registry.uploads.begin(in: repository, algorithm: try algorithm(query))
    try await visit.leave()
    var response = Response(status: 202, fields: fields(of: visit.key, offset: 0))
    if chunkMinimumBytes > 0 { response.fields.append("OCI-Chunk-Min-Length", "\(chunkMinimumBytes)") }
    return response
  }

  /// A mount that cannot be done is no error: the client is given an upload instead.
  private func mounts(_ text: String, from: String?, into repository: RepositoryName)
    async throws(RegistryError) -> Bool
  {
    let digest = try Digest(parsing: text)
    var source: RepositoryName?
    if let from, !from.isEmpty { source = try RepositoryName(parsing: from) }
    return try await registry.blobs.mount(digest, from: source, into: repository)
  }

  private func algorithm(_ query: Query) throws(RegistryError) -> Digest.Algorithm {
    guard let text = query["digest-algorithm"] else { return .sha256 }
    guard let algorithm = Digest.Algorithm(rawValue: text) else {
      throw RegistryError(.digestInvalid, "digest-algorithm is one of sha256 and sha512 here")
    }
    return algorithm
  }

  private func receiveWhole(_ body: any RequestBody, as digest: Digest, in repository: RepositoryName)
    async throws(RegistryError) -> Response
  {
    let visit = try await registry.uploads.begin(in: repository, algorithm: digest.algorithm)
    do throws(RegistryError) {
      try await receive(body, visit)
    } catch {
      // Nobody knows this upload's address, so nobody could go on with it.
      await visit.cancel()
      throw error
    }
    return created(try await visit.finish(as: digest).digest, in: repository)
  }

  // MARK: - PATCH, PUT, GET, DELETE

  func respond(to request: Request, _ body: any RequestBody, _ key: UploadKey)
    async throws(RegistryError) -> Response
  {
    switch request.method {
    case .patch: try await append(request, body, key)
    case .put: try await finish(request, body, key)
    case .get, .head:
      Response(status: 204, fields: fields(of: key, offset: try await registry.uploads.offset(of: key)))
    case .delete: try await cancel(key)
    default: .methodNotAllowed("GET, PATCH, PUT, DELETE")
    }
  }

  private func append(_ request: Request, _ body: any RequestBody, _ key: UploadKey)
    async throws(RegistryError) -> Response
  {
    let visit = try await registry.uploads.visit(key)
    try await take(request, body, visit)
    try await visit.leave()
    return Response(status: 202, fields: fields(of: key, offset: visit.offset))
  }

  private func finish(_ request: Request, _ body: any RequestBody, _ key: UploadKey)
    async throws(RegistryError) -> Response
  {
    guard let text = Query(request.query)["digest"] else {
      throw RegistryError(.digestInvalid, "PUT ends an upload with ?digest=ALGORITHM:HEX of the whole blob")
    }
    let digest = try Digest(parsing: text)
    let visit = try await registry.uploads.visit(key)
    try await take(request, body, visit)
    return created(try await visit.finish(as: digest).digest, in: key.repository)
  }

  private func cancel(_ key: UploadKey) async throws(RegistryError) -> Response {
    await (try await registry.uploads.visit(key)).cancel()
    return Response(status: 204)
  }

  /// Takes a request's bytes into the upload. When they are refused or break off, the upload waits at what it has.
  private func take(_ request: Request, _ body: any RequestBody, _ visit: UploadVisit) async throws(RegistryError) {
    do throws(RegistryError) {
      let expected = try ChunkRange.promise(request.fields["Content-Range"], at: visit.offset, declared: body.length)
      let before = visit.offset
      try await receive(body, visit)
      guard expected == nil || expected == visit.offset - before else {
        throw RegistryError(.sizeInvalid, "the body has another length than its Content-Range")
      }
    } catch {
      try await visit.leave()
      throw error
    }
  }

  private func receive(_ body: any RequestBody, _ visit: UploadVisit) async throws(RegistryError) {
    while let piece = try await body.piece() { try await visit.append(piece) }
  }

  // MARK: - Answers

  private func created(_ digest: Digest, in repository: RepositoryName) -> Response {
    Response(
      status: 201,
      fields: Fields([
        ("Location", "/v2/\(repository)/blobs/\(digest)"), ("Docker-Content-Digest", digest.description),
      ]))
  }

  /// The upload's state is in the path alone: some clients drop a query.
  private func fields(of key: UploadKey, offset: Int64) -> Fields {
    Fields([
      ("Location", "/v2/\(key.repository)/blobs/uploads/\(key.id)"), ("Range", "0-\(max(0, offset - 1))"),
      ("Docker-Upload-UUID", key.id.text),
    ])
  }
}
