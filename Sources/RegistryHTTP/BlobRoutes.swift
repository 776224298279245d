import RegistryCore
import RegistryService
import Telemetry
import Wire

/// `/v2/<name>/blobs/<digest>` (distribution-spec 1.1, end-2, end-10).
struct BlobRoutes: Sendable {
  let registry: Registry
  let torrents: TorrentRoutes
  /// Of blobs that are whole here.
  let localBytes: Counter

  func respond(to request: Request, _ repository: RepositoryName, _ digest: Digest)
    async throws(RegistryError) -> Response
  {
    if request.isRead, case let wanted = Representation(request), wanted != .bytes {
      return try await torrents.respond(
        to: request, wanted, of: digest, in: repository, path: PartPath.blob(digest, repository))
    }
    return switch request.method {
    case .head: try await head(request, repository, digest)
    case .get: try await pull(request, repository, digest)
    case .delete: try await delete(repository, digest)
    default: .methodNotAllowed("GET, HEAD, DELETE")
    }
  }

  private func head(_ request: Request, _ repository: RepositoryName, _ digest: Digest)
    async throws(RegistryError) -> Response
  {
    let size = try await registry.blobs.size(of: digest, in: repository)
    let fields = fields(of: digest, size, in: repository)
    if request.alreadyHas(digest.description) { return Response(status: 304, fields: fields) }
    return Response(status: 200, fields: fields, body: .absent(length: size))
  }

  private func pull(_ request: Request, _ repository: RepositoryName, _ digest: Digest)
    async throws(RegistryError) -> Response
  {
    let reader = try await registry.blobs.open(digest, in: repository)
    var fields = fields(of: digest, reader.size, in: repository)
    if request.alreadyHas(digest.description) { return Response(status: 304, fields: fields) }
    fields.append(BlobSource.field, BlobSource.text(of: reader.arrival))
    switch selection(request, digest, size: reader.size) {
    case .whole:
      return Response(status: 200, fields: fields, body: body(reader, 0..<reader.size))
    case .part(let range):
      fields.append("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(reader.size)")
      return Response(status: 206, fields: fields, body: body(reader, range))
    case .unsatisfiable:
      var response = Response(
        RegistryError(.uploadRange, "the range lies outside the blob, which has \(reader.size) bytes"))
      response.fields.append("Content-Range", "bytes */\(reader.size)")
      return response
    }
  }

  private func body(_ reader: any BlobReader, _ range: Range<Int64>) -> Response.Body {
    if reader.file != nil { localBytes.add(range.upperBound - range.lowerBound) }
    return reader.body(range)
  }

  private func selection(_ request: Request, _ digest: Digest, size: Int64) -> ByteRange {
    if let condition = request.fields["If-Range"], condition != "\"\(digest)\"" { return .whole }
    return ByteRange(request.fields["Range"], size: size)
  }

  private func delete(_ repository: RepositoryName, _ digest: Digest) async throws(RegistryError) -> Response {
    try await registry.blobs.delete(digest, from: repository)
    return Response(status: 202)
  }

  private func fields(of digest: Digest, _ size: Int64, in repository: RepositoryName) -> Fields {
    var fields = Fields([
      ("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest.description),
      ("ETag", "\"\(digest)\""), ("Accept-Ranges", "bytes"), ("X-Content-Type-Options", "nosniff"),
    ])
    if torrents.isPublic(repository) {
      torrents.describe(digest, size, path: PartPath.blob(digest, repository), in: &fields)
    }
    return fields
  }
}

extension BlobReader {
  /// A file goes out by the kernel; a blob that still arrives in pieces, as they come.
  fileprivate func body(_ range: Range<Int64>) -> Response.Body {
    guard let file, !range.isEmpty else { return .range(range) { try await self.read(from: $0, count: $1) } }
    let count = range.upperBound - range.lowerBound
    return .file(FileRegion(descriptor: file.descriptor, offset: range.lowerBound, count: count, owner: file))
  }
}
