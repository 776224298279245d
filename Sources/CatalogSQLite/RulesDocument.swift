import FoundationEssentials
import RegistryCore

/// The rules as they are kept: the same rules always give the same text.
struct RulesDocument: Codable {
  private let writers: [WritersPart]
  private let immutableTags: [String]
  /// Absent where an earlier release kept the rules, or nothing is immutable.
  private let immutableSince: [SincePart]?
  private let limits: [LimitPart]
  private let removed: [String]

  private struct WritersPart: Codable {
    let repositories: [String]
    let nodes: [String]
  }

  private struct SincePart: Codable {
    let repositories: [String]
    let since: Int64
  }

  private struct LimitPart: Codable {
    let node: String
    let epoch: Int64
    let sequence: Int64
  }

  init(_ rules: NameRules) {
    writers = rules.writers.map { part in
      WritersPart(repositories: part.repositories.patterns, nodes: part.nodes.map(\.description).sorted())
    }
    immutableTags = rules.immutableTags.patterns
    let since = rules.immutableSince.map { SincePart(repositories: $0.repositories.patterns, since: $0.since) }
    immutableSince = since.isEmpty ? nil : since
    limits = rules.limits
      .map { LimitPart(node: $0.key.node.description, epoch: $0.key.epoch, sequence: $0.value) }
      .sorted { ($0.node, $0.epoch) < ($1.node, $1.epoch) }
    removed = rules.removed.map(\.description).sorted()
  }

  func rules() throws(RegistryError) -> NameRules {
    var rules = NameRules()
    for part in writers {
      var nodes: Set<NodeID> = []
      for node in part.nodes { nodes.insert(try Self.node(node)) }
      rules.writers.append(NameRules.Writers(repositories: PublicPatterns(part.repositories), nodes: nodes))
    }
    rules.immutableTags = PublicPatterns(immutableTags)
    rules.immutableSince = (immutableSince ?? []).map { part in
      NameRules.Immutability(repositories: PublicPatterns(part.repositories), since: part.since)
    }
    for limit in limits { rules.limits[WriterID(node: try Self.node(limit.node), epoch: limit.epoch)] = limit.sequence }
    for node in removed { rules.removed.insert(try Self.node(node)) }
    return rules
  }

  func text() throws(RegistryError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      throw RegistryError(.internal, "the rules of names could not be kept", cause: "\(error)")
    }
  }

  private static func node(_ hex: String) throws(RegistryError) -> NodeID {
    guard let node = Hex.decode(hex).flatMap({ NodeID($0) }) else { throw .damaged("a node's id in the rules") }
    return node
  }
}

extension Connection {
  func nameRules() throws(RegistryError) -> NameRules {
    let text = try first("SELECT document FROM name_rules WHERE only = 1") { $0.text(0) }
    guard let text else { return NameRules() }
    let document: RulesDocument
    do {
      document = try JSONDecoder().decode(RulesDocument.self, from: Data(text.utf8))
    } catch {
      throw .damaged("the rules of names: \(error)")
    }
    return try document.rules()
  }

  func keep(_ rules: NameRules) throws(RegistryError) {
    let text = try RulesDocument(rules).text()
    try run(
      """
      INSERT INTO name_rules (only, document) VALUES (1, ?1)
      ON CONFLICT (only) DO UPDATE SET document = excluded.document
      """, .text(text))
  }
}
