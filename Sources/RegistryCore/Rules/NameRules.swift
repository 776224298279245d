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

  /// The first that matches a repository decides; where none does, every member writes.
  public var writers: [Writers] = []
  /// Repositories whose tags keep the first manifest that they named.
  public var immutableTags = PublicPatterns([])
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

  /// Which claim says what a name stands for now: the latest one, by clock and then by writer; of an immutable tag the
  /// earliest that names a manifest.
  /// - Parameter now: this node's wall clock; a claim from beyond the fence does not count yet.
  public func winner(
    among claims: [NameCandidate], kind: ClaimKind, in repository: RepositoryName, now: Int64
  ) -> NameCandidate? {
    let counting = claims.filter { claim in
      claim.sequence <= limit(of: claim.writer) && claim.clock.milliseconds <= now + Self.fenceMilliseconds
        && mayWrite(claim.writer.node, repository)
    }
    guard kind == .tag, immutableTags.matches(repository) else { return counting.max(by: Self.precedes) }
    return counting.filter { !$0.isGone }.min(by: Self.precedes)
  }

  private static func precedes(_ left: NameCandidate, _ right: NameCandidate) -> Bool {
    if left.clock != right.clock { return left.clock < right.clock }
    if left.writer.node != right.writer.node {
      return left.writer.node.bytes.lexicographicallyPrecedes(right.writer.node.bytes)
    }
    return left.writer.epoch < right.writer.epoch
  }
}
