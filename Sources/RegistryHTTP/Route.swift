import RegistryCore
import Wire

/// What a path asks for. Read from the raw path, split at `/` before anything is decoded: a percent sign in a name, a
/// tag or a digest is refused like any other character that they cannot hold.
enum Route: Sendable {
  case version
  case catalog
  case manifest(RepositoryName, Reference)
  case blob(RepositoryName, Digest)
  case uploads(RepositoryName)
  case upload(UploadKey)
  case tags(RepositoryName)
  case referrers(RepositoryName, Digest)
  case health
  case readiness
  case metrics
  case announce
  case operatorAPI(String)
  case unknown

  init(_ method: Request.Method, path: String) throws(RegistryError) {
    guard path.hasPrefix("/v2") else {
      self = Self.outsideRegistry(path)
      return
    }
    let rest = path.dropFirst(3)
    if rest.isEmpty || rest == "/" {
      self = .version
    } else if rest == "/_catalog" {
      self = .catalog
    } else if rest.first == "/" {
      self = try Self.inRepository(method, rest.dropFirst())
    } else {
      self = .unknown
    }
  }

  private static func outsideRegistry(_ path: String) -> Route {
    switch path {
    case "/healthz": .health
    case "/readyz": .readiness
    case "/metrics": .metrics
    case "/announce": .announce
    default: path.hasPrefix(operatorPrefix) ? .operatorAPI(String(path.dropFirst(operatorPrefix.count))) : .unknown
    }
  }

  static let operatorPrefix = "/operator/v1/"

  /// A repository's name may itself hold `blobs` or `tags`, so the path is read from its end.
  private static func inRepository(_ method: Request.Method, _ path: Substring) throws(RegistryError) -> Route {
    guard let (front, value) = cut(path), let (name, kind) = cut(front) else { return .unknown }
    if kind == "uploads", let (name, blobs) = cut(name), blobs == "blobs" {
      let repository = try RepositoryName(parsing: name)
      guard !value.isEmpty else { return .uploads(repository) }
      return .upload(UploadKey(repository: repository, id: try UploadID(parsing: value)))
    }
    switch kind {
    case "manifests": return .manifest(try RepositoryName(parsing: name), try reference(value, method))
    case "blobs" where value == "uploads": return .uploads(try RepositoryName(parsing: name))
    case "blobs": return .blob(try RepositoryName(parsing: name), try Digest(parsing: value))
    case "tags" where value == "list": return .tags(try RepositoryName(parsing: name))
    case "referrers": return .referrers(try RepositoryName(parsing: name), try Digest(parsing: value))
    default: return method == .get || method == .head ? try webSeed(name, kind, file: value) : .unknown
    }
  }

  /// A client of version 2 puts the file's name, which is the digest's hex, behind the URL of a web seed (BEP 19, where the
  /// torrent is a folder; libtorrent does so with any torrent of version 2). It is the same part, to read.
  private static func webSeed(_ front: Substring, _ kind: Substring, file: Substring) throws(RegistryError) -> Route {
    guard kind.count > file.count, kind.hasSuffix(file), let (name, room) = cut(front) else { return .unknown }
    switch room {
    case "blobs", "manifests":
      let (repository, digest) = (try RepositoryName(parsing: name), try Digest(parsing: kind))
      guard file == digest.hex else { return .unknown }
      return room == "blobs" ? .blob(repository, digest) : .manifest(repository, .digest(digest))
    default: return .unknown
    }
  }

  /// A path before and behind its last slash.
  private static func cut(_ path: Substring) -> (front: Substring, last: Substring)? {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return (path[..<slash], path[path.utf8.index(after: slash)...])
  }

  /// Nothing can be stored under a malformed tag, so whoever reads one finds nothing (404); only a push is told that
  /// the tag is malformed. A malformed digest is an error for both.
  private static func reference(_ text: Substring, _ method: Request.Method) throws(RegistryError) -> Reference {
    do throws(RegistryError) {
      return try Reference(parsing: text)
    } catch {
      guard error.code == .tagInvalid, method != .put else { throw error }
      throw RegistryError(.manifestUnknown, error.message)
    }
  }
}
