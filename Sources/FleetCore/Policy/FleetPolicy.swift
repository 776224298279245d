import RegistryCore

/// The policy of a fleet as a record carries it: the rules, and the text that an operator wrote, comments and all.
///
/// As bytes it is one bencoded dictionary in the operator's words (`PolicyReader`), kept as it came: what a later release
/// says under other keys is handed on and passed over. What stands under a known key never changes its meaning or its
/// form.
public struct FleetPolicy: Hashable, Sendable {
  public static let textByteLimit = 256 * 1024

  public let rules: PolicyRules
  /// For people, to edit and to set again.
  public let text: String
  /// Keys that this release does not know, as paths.
  public let unknownKeys: [String]
  let content: [UInt8]

  /// Of a fleet that has set none.
  public init() {
    self.init(rules: PolicyRules(), text: "", unknownKeys: [], content: PolicyRules().bencoded(text: ""))
  }

  private init(rules: PolicyRules, text: String, unknownKeys: [String], content: [UInt8]) {
    (self.rules, self.text, self.unknownKeys, self.content) = (rules, text, unknownKeys, content)
  }

  /// Checks every bound: rules that come from elsewhere are read by the same words.
  public init(_ rules: PolicyRules, text: String) throws(PolicyFault) {
    try self.init(reading: rules.bencoded(text: text))
  }

  /// As a record carries it. Fuzzed.
  /// - Returns: `nil`: it is not in this form.
  public init?(content: [UInt8]) {
    guard let policy = try? FleetPolicy(reading: content) else { return nil }
    self = policy
  }

  private init(reading content: [UInt8]) throws(PolicyFault) {
    let reader = try PolicyReader(document: content, spelling: .exact)
    (rules, text) = (try reader.rules(), try reader.text())
    unknownKeys = reader.unknownKeys()
    self.content = content
  }

  /// What an operator wrote, checked as strictly as a configuration file: a key that is not known is most likely
  /// misspelt. Numbers may be texts, one pattern or node may stand without its list, and nodes may be named.
  /// - Parameters:
  ///   - document: what `text` says, bencoded by whoever can read it (YAML).
  ///   - nodesNamed: the members of that name.
  public static func written(
    _ text: String, as document: [UInt8], nodesNamed: @escaping (NodeName) -> [NodeID]
  ) throws(PolicyFault) -> FleetPolicy {
    let reader = try PolicyReader(document: document, spelling: .operators(nodesNamed))
    let rules = try reader.rules()
    if let unknown = reader.unknownKeys().first { throw PolicyKeys.unknown(unknown) }
    guard rules.immutableSince.isEmpty else {
      throw PolicyFault("immutable-since", "this is noted by the node on which the policy is set: leave it out")
    }
    return try FleetPolicy(rules, text: text)
  }

  /// The same, noting since when tags are immutable: since now under a pattern that the policy before had not, and as it
  /// said under one that it had. What an earlier release set says nothing of that, and goes on as it was.
  public func dated(after old: FleetPolicy, at time: Int64) throws(PolicyFault) -> FleetPolicy {
    var rules = rules
    rules.immutableSince = rules.immutableTags.patterns.map { pattern in
      let one = PublicPatterns([pattern])
      let known = old.rules.immutableSince.first { $0.repositories == one }?.since ?? 0
      return .init(repositories: one, since: old.rules.immutableTags.patterns.contains(pattern) ? known : time)
    }
    return try FleetPolicy(rules, text: text)
  }

  /// As far as names go; removals and proofs come from the records of nodes (`Directory.nameRules`).
  public var nameRules: NameRules {
    var names = NameRules()
    (names.writers, names.immutableTags) = (rules.writers, rules.immutableTags)
    names.immutableSince = rules.immutableSince
    return names
  }
}

/// What is wrong with a policy, for whoever wrote it.
public struct PolicyFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where it stands: `writers[2].nodes[0]`; empty: the whole.
  public let path: String
  /// What is wrong and what to write instead.
  public let message: String

  init(_ path: String, _ message: String) {
    (self.path, self.message) = (path, message)
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
