import Wire

/// What kind of path a request has, without the names in it: the label of metrics, so that their number is bounded.
/// Told from the raw path alone, and cheaply, since it is asked after each answer.
enum RoutePattern: Int, CaseIterable {
  case version, catalog, manifest, blob, upload, tags, referrers, health, metrics, announce, operatorAPI, unknown

  var label: String {
    switch self {
    case .operatorAPI: "operator"
    default: "\(self)"
    }
  }

  init(path: String) {
    switch path {
    case "/v2", "/v2/": self = .version
    case "/v2/_catalog": self = .catalog
    case "/healthz", "/readyz": self = .health
    case "/metrics": self = .metrics
    case "/announce": self = .announce
    default:
      if path.hasPrefix("/v2/") {
        self = Self.inRepository(path.utf8)
      } else {
        self = path.hasPrefix(Route.operatorPrefix) ? .operatorAPI : .unknown
      }
    }
  }

  /// By the last segment but one; an upload's address has `uploads` there, its start ends with it.
  private static func inRepository(_ path: String.UTF8View) -> RoutePattern {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return .unknown }
    let head = path[..<slash]
    let kind = head[(head.lastIndex(of: UInt8(ascii: "/")).map(head.index(after:)) ?? head.startIndex)...]
    for (name, pattern) in kinds where kind.elementsEqual(name.utf8) {
      return pattern == .blob && path[path.index(after: slash)...].elementsEqual("uploads".utf8) ? .upload : pattern
    }
    return .unknown
  }

  private static let kinds: [(String, RoutePattern)] = [
    ("manifests", .manifest), ("blobs", .blob), ("uploads", .upload), ("tags", .tags), ("referrers", .referrers),
  ]
}
