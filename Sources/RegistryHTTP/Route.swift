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
      let segments = rest.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      self = try Self.inRepository(method, segments)
    } else {
      self = .unknown
    }
  }

  private static func outsideRegistry(_ path: String) -> Route {
    switch path {
    case "/healthz": .health
    case "/readyz": .readiness
    case "/metrics": .metrics
    default: path.hasPrefix(operatorPrefix) ? .operatorAPI(String(path.dropFirst(operatorPrefix.count))) : .unknown
    }
  }

  static let operatorPrefix = "/operator/v1/"

  /// A repository's name may itself hold `blobs` or `tags`, so the path is read from its end.
  private static func inRepository(_ method: Request.Method, _ segments: [Substring]) throws(RegistryError) -> Route {
    let last = segments.count - 1
    if last >= 3, segments[last - 2] == "blobs", segments[last - 1] == "uploads" {
      let repository = try name(segments[..<(last - 2)])
      guard !segments[last].isEmpty else { return .uploads(repository) }
      return .upload(UploadKey(repository: repository, id: try UploadID(parsing: segments[last])))
    }
    guard last >= 2 else { return .unknown }
    let (kind, value) = (segments[last - 1], segments[last])
    let repository = segments[..<(last - 1)]
    switch kind {
    case "manifests": return .manifest(try name(repository), try reference(value, method))
    case "blobs" where value == "uploads": return .uploads(try name(repository))
    case "blobs": return .blob(try name(repository), try Digest(parsing: value))
    case "tags" where value == "list": return .tags(try name(repository))
    case "referrers": return .referrers(try name(repository), try Digest(parsing: value))
    default: return .unknown
    }
  }

  private static func name(_ segments: ArraySlice<Substring>) throws(RegistryError) -> RepositoryName {
    try RepositoryName(parsing: segments.joined(separator: "/"))
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
