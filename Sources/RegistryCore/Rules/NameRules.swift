/// What the fleet has decided about names. It is applied when the state of a name is derived from its claims, so that all
/// nodes with the same claims and the same rules agree, in whatever order either came.
public struct NameRules: Hashable, Sendable {
  /// Who may write the repositories that a pattern matches.
  public struct Writers: Hashable, Sendable {
    public let repositories: PublicPatterns
    public let nodes: Set<NodeID>

    public init(repositories: PublicPatterns, nodes: Set<NodeID>) {
      self.repositories = repositories
      self.nodes = nodes
    }
  }

  /// Since when tags keep what they name, in milliseconds since 1970.
  public struct Immutability: Hashable, Sendable {
    public let repositories: PublicPatterns
    public let since: Int64

    public init(repositories: PublicPatterns, since: Int64) {
      (self.repositories, self.since) = (repositories, since)
    }
  }

  /// The first that matches a repository decides; where none does, every member writes.
  public var writers: [Writers] = []
  /// Repositories whose tags keep what they name.
  public var immutableTags = PublicPatterns([])
  /// Since when, for each of their patterns; where none matches, always.
  public var immutableSince: [Immutability] = []
  /// How much of each writer's log counts: of a member that was removed up to its last number that the fleet took, of one
  /// that used a number twice what was before it. A writer that is not here counts whole.
  public var limits: [WriterID: Int64] = [:]
  /// Nodes that were removed: nothing of theirs counts beyond `limits`, of no epoch.
  public var removed: Set<NodeID> = []

  public init() {}

  /// How far a writer's log counts.
  public func limit(of writer: WriterID) -> Int64 {
    limits[writer] ?? (removed.contains(writer.node) ? 0 : .max)
  }

  /// `nil`: its tags may move. What was said before that is derived as if they might.
  public func immutableSince(in repository: RepositoryName) -> HybridTime? {
    guard immutableTags.matches(repository) else { return nil }
    let since = immutableSince.lazy.filter { $0.repositories.matches(repository) }.map(\.since).min()
    return HybridTime(milliseconds: since ?? 0)
  }

  public func mayWrite(_ node: NodeID, _ repository: RepositoryName) -> Bool {
    guard let rule = writers.first(where: { $0.repositories.matches(repository) }) else { return true }
    return rule.nodes.contains(node)
  }
}

/// A claim about a name, as much as it takes to decide between several.
public struct NameCandidate: Hashable, Sendable {
  public let writer: WriterID
  public let sequence: Int64
  public let clock: HybridTime
  public let isGone: Bool

  public init(writer: WriterID, sequence: Int64, clock: HybridTime, isGone: Bool) {
    (self.writer, self.sequence, self.clock, self.isGone) = (writer, sequence, clock, isGone)
  }
}

extension NameRules {
  /// A claim that is dated further ahead than this waits until it is due.
  public static let fenceMilliseconds: Int64 = 30_000

  /// Which claim says what a name stands for now: the latest one, by clock and then by writer. Of an immutable tag the
  /// latest from before it was so; if that was none or a deletion, the earliest since then that names a manifest.
  /// - Parameter now: this node's wall clock; a claim from beyond the fence does not count yet.
  public func winner(
    among claims: [NameCandidate], kind: ClaimKind, in repository: RepositoryName, now: Int64
  ) -> NameCandidate? {
    let counting = claims.filter { claim in
      claim.sequence <= limit(of: claim.writer) && claim.clock.milliseconds <= now + Self.fenceMilliseconds
        && mayWrite(claim.writer.node, repository)
    }
    guard kind == .tag, let since = immutableSince(in: repository) else { return counting.max(by: Self.precedes) }
    let before = counting.filter { $0.clock < since }.max(by: Self.precedes)
    if let before, !before.isGone { return before }
    return counting.filter { !$0.isGone && $0.clock >= since }.min(by: Self.precedes) ?? before
  }

  /// Whether a node that is told to name something claims it. An immutable tag is said once: again would be another word,
  /// which does not count.
  /// - Parameters:
  ///   - isSo: whether the name stands here for what it is to stand for.
  ///   - saysAgain: whether others may have said otherwise who are not heard yet (`Publication.saysAgain`).
  public func mustClaim(
    _ kind: ClaimKind, in repository: RepositoryName, isSo: Bool, saysAgain: Bool
  ) -> Bool {
    guard isSo else { return true }
    return saysAgain && !(kind == .tag && immutableTags.matches(repository))
  }

  /// Of a tag that has become immutable, what it said then: kept as long as anything else is, also where something later
  /// stands since that was a deletion. Else who still has what it deleted would say that again.
  public func lastBeforeImmutable(
    among claims: [NameCandidate], kind: ClaimKind, in repository: RepositoryName
  ) -> NameCandidate? {
    guard kind == .tag, claims.count > 1, let since = immutableSince(in: repository) else { return nil }
    return claims.filter {
      $0.clock < since && $0.sequence <= limit(of: $0.writer) && mayWrite($0.writer.node, repository)
    }.max(by: Self.precedes)
  }

  private static func precedes(_ left: NameCandidate, _ right: NameCandidate) -> Bool {
    if left.clock != right.clock { return left.clock < right.clock }
    if left.writer.node != right.writer.node {
      return left.writer.node.bytes.lexicographicallyPrecedes(right.writer.node.bytes)
    }
    return left.writer.epoch < right.writer.epoch
  }
}
