import RegistryCore

/// What a fleet has decided, one set for all its nodes. What is not said is as it stands here.
public struct PolicyRules: Hashable, Sendable {
  /// What a node does that may not know the latest, because it has heard no member for a while.
  public enum WhenBehind: String, Hashable, Sendable, CaseIterable {
    /// Answers what it knows.
    case answer
    /// Says that it cannot tell now, so that the client asks another node.
    case refuse
  }

  /// How many nodes keep what the repositories hold.
  public struct Replicas: Hashable, Sendable {
    public let repositories: PublicPatterns
    public let count: Int

    public init(repositories: PublicPatterns, count: Int) {
      (self.repositories, self.count) = (repositories, count)
    }
  }

  public static let usualReplicas = 1

  /// The first that matches a repository decides; where none does, every member writes.
  public var writers: [NameRules.Writers] = []
  /// Repositories whose tags keep what they name.
  public var immutableTags = PublicPatterns([])
  /// Since when, as whoever set the policy noted it (`FleetPolicy.dated`).
  public var immutableSince: [NameRules.Immutability] = []
  /// What a tag named before is kept as long as either holds: among so many, or not longer ago than this.
  public var historyEntries = 20
  public var historyDays = 30
  /// How long a deletion is remembered at least: beyond that it is until every member knows of it.
  public var tombstoneDays = 90
  /// The first that matches a repository decides; where none does, `usualReplicas`.
  public var replicas: [Replicas] = []
  public var tagsWhenBehind = WhenBehind.answer
  public var catalogueWhenBehind = WhenBehind.answer

  public init() {}

  /// The keys under which something else is said than where no policy is set.
  public var keys: [String] {
    let none = PolicyRules()
    let said = [
      ("writers", writers != none.writers), ("immutable", immutableTags != none.immutableTags),
      ("history", historyEntries != none.historyEntries || historyDays != none.historyDays),
      ("tombstones", tombstoneDays != none.tombstoneDays), ("replicas", replicas != none.replicas),
      ("tags", tagsWhenBehind != none.tagsWhenBehind), ("catalogue", catalogueWhenBehind != none.catalogueWhenBehind),
    ]
    return said.filter(\.1).map(\.0)
  }

  public func replicas(of repository: RepositoryName) -> Int {
    replicas.first { $0.repositories.matches(repository) }?.count ?? Self.usualReplicas
  }
}
