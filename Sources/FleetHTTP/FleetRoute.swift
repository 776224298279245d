import RegistryCore
import Wire

/// What is asked on the fleet's port. Members alone are told anything; the one door for strangers is `join`.
///
///     POST /fleet/join
///     POST /fleet/v1/message
///     GET  /fleet/v1/holding/DIGEST/REPOSITORY
///     GET  /fleet/v1/blob/DIGEST/REPOSITORY
///     GET  /fleet/v1/swarm/DIGEST/REPOSITORY
///     GET  /fleet/v1/manifest/DIGEST/REPOSITORY
///     GET  /fleet/v1/lacking/DIGEST/REPOSITORY      of a manifest and its blobs
///     POST /fleet/v1/keep/DIGEST/REPOSITORY
///     POST /fleet/v1/fetch/DIGEST/REPOSITORY        for the asker's site
///     POST /fleet/v1/kept                           whether images are kept here
///     POST /fleet/v1/leave
///     POST /fleet/v1/certificate
///     POST /fleet/v1/key/wish
///     POST /fleet/v1/key
enum FleetRoute: Hashable, Sendable {
  case join
  case message
  case holding(Digest, RepositoryName)
  case blob(Digest, RepositoryName)
  /// Who takes part in a blob's swarm; the asker may connect from then on. Unknown to release 0.2.0.
  case swarm(Digest, RepositoryName)
  case manifest(Digest, RepositoryName)
  case lacking(Digest, RepositoryName)
  case keep(Digest, RepositoryName)
  /// Has a member of the asker's site fetch a blob for all of it; else as `swarm`. Unknown to release 0.2.0.
  case fetch(Digest, RepositoryName)
  /// Unknown to release 0.2.0, as is keeping itself.
  case kept
  case leave
  /// A new certificate for the key of who asks.
  case certificate
  /// Asks a member under what the fleet's key shall be sealed for it (`KeyWish`).
  case keyWish
  /// Hands it on (`KeyParcel`).
  case key

  private static let prefix = "/fleet/v1/"

  /// `nil`: nothing is there.
  init?(_ method: Request.Method, path: String) {
    switch (method, path) {
    case (.post, "/fleet/join"): self = .join
    case (.post, "/fleet/v1/message"): self = .message
    case (.post, "/fleet/v1/leave"): self = .leave
    case (.post, "/fleet/v1/kept"): self = .kept
    case (.post, "/fleet/v1/certificate"): self = .certificate
    case (.post, "/fleet/v1/key/wish"): self = .keyWish
    case (.post, "/fleet/v1/key"): self = .key
    default:
      guard path.hasPrefix(Self.prefix), let route = Self.question(path.dropFirst(Self.prefix.count)),
        method == route.method
      else { return nil }
      self = route
    }
  }

  var path: String {
    switch self {
    case .join: "/fleet/join"
    case .message: "/fleet/v1/message"
    case .certificate: "/fleet/v1/certificate"
    case .keyWish: "/fleet/v1/key/wish"
    case .key: "/fleet/v1/key"
    case .holding(let digest, let repository): "\(Self.prefix)holding/\(digest)/\(repository)"
    case .blob(let digest, let repository): "\(Self.prefix)blob/\(digest)/\(repository)"
    case .swarm(let digest, let repository): "\(Self.prefix)swarm/\(digest)/\(repository)"
    case .manifest(let digest, let repository): "\(Self.prefix)manifest/\(digest)/\(repository)"
    case .lacking(let digest, let repository): "\(Self.prefix)lacking/\(digest)/\(repository)"
    case .keep(let digest, let repository): "\(Self.prefix)keep/\(digest)/\(repository)"
    case .fetch(let digest, let repository): "\(Self.prefix)fetch/\(digest)/\(repository)"
    case .leave: "/fleet/v1/leave"
    case .kept: "/fleet/v1/kept"
    }
  }

  private var method: Request.Method {
    switch self {
    case .join, .message, .keep, .kept, .fetch, .leave, .certificate, .keyWish, .key: .post
    case .holding, .blob, .swarm, .manifest, .lacking: .get
    }
  }

  private static func question(_ path: Substring) -> FleetRoute? {
    let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let digest = try? Digest(parsing: String(parts[1])),
      let repository = try? RepositoryName(parsing: String(parts[2]))
    else { return nil }
    return switch parts[0] {
    case "holding": .holding(digest, repository)
    case "blob": .blob(digest, repository)
    case "swarm": .swarm(digest, repository)
    case "manifest": .manifest(digest, repository)
    case "lacking": .lacking(digest, repository)
    case "keep": .keep(digest, repository)
    case "fetch": .fetch(digest, repository)
    default: nil
    }
  }
}
