/// The policy of a fleet: what an operator wrote, who set it and when, and what follows from it.
public struct PolicyDocument: Codable, Sendable {
  public struct Writers: Codable, Sendable {
    public let repositories: [String]
    public let nodes: [String]

    public init(repositories: [String], nodes: [String]) { (self.repositories, self.nodes) = (repositories, nodes) }
  }

  public struct Replicas: Codable, Sendable {
    public let repositories: [String]
    public let count: Int

    public init(repositories: [String], count: Int) { (self.repositories, self.count) = (repositories, count) }
  }

  public struct Rules: Codable, Sendable {
    public let writers: [Writers]
    /// Repositories whose tags keep the first manifest that they named.
    public let immutable: [String]
    public let replicas: [Replicas]
    public let historyEntries: Int
    public let historyDays: Int
    public let tombstoneDays: Int

    public init(
      writers: [Writers], immutable: [String], replicas: [Replicas], historyEntries: Int, historyDays: Int,
      tombstoneDays: Int
    ) {
      (self.writers, self.immutable, self.replicas) = (writers, immutable, replicas)
      (self.historyEntries, self.historyDays, self.tombstoneDays) = (historyEntries, historyDays, tombstoneDays)
    }
  }

  public let fleet: String
  /// Of the record; absent: none was ever set, and the rules are the usual ones.
  public let number: Int64?
  /// The member that signed it.
  public let issuer: String?
  public let atMilliseconds: Int64?
  /// As it was written.
  public let text: String
  /// Keys that this release does not know.
  public let unknownKeys: [String]
  public let rules: Rules

  public init(
    fleet: String, number: Int64?, issuer: String?, atMilliseconds: Int64?, text: String, unknownKeys: [String],
    rules: Rules
  ) {
    (self.fleet, self.number, self.issuer, self.atMilliseconds) = (fleet, number, issuer, atMilliseconds)
    (self.text, self.unknownKeys, self.rules) = (text, unknownKeys, rules)
  }
}
