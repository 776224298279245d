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

  /// Asked for every blob that is served: the two usual answers cost a comparison.
  public func isPublic(_ repository: RepositoryName) -> Bool {
    guard isEnabled, !publicPatterns.isEmpty else { return false }
    return publicPatterns.matches(repository)
  }
}
