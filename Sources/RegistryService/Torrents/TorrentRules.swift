import BlockingWork
import RegistryCore

/// What an operator decides about torrents.
public struct TorrentRules: Sendable {
  public var isEnabled = true
  /// The repositories that strangers may fetch and seed.
  public var publicPatterns = PublicPatterns([])
  /// Further trackers of public torrents.
  public var trackers: [String] = []
  /// Whether this node is a tracker itself.
  public var hasTracker = true

  public init() {}
}

/// Which repositories are public, remembered: it is asked for every blob that is served.
final class PublicRepositories: Sendable {
  private let patterns: PublicPatterns
  private let known = Lock<[RepositoryName: Bool]>([:])

  /// Names come from requests: beyond so many all are forgotten, which costs a comparison each.
  private static let limit = 10_000

  init(_ rules: TorrentRules) { patterns = rules.isEnabled ? rules.publicPatterns : PublicPatterns([]) }

  var isEmpty: Bool { patterns.isEmpty }

  func contains(_ repository: RepositoryName) -> Bool {
    guard !patterns.isEmpty else { return false }
    if let known = known.withLock({ $0[repository] }) { return known }
    let isPublic = patterns.matches(repository)
    known.withLock { known in
      if known.count >= Self.limit { known = [:] }
      known[repository] = isPublic
    }
    return isPublic
  }
}
