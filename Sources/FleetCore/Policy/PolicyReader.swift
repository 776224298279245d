import RegistryCore

/// Reads a policy document:
///
///     catalogue:  {when-behind: answer | refuse}         lists of repositories and tags
///     history:    {entries: 0…1000, days: 0…3650}
///     immutable:  [PATTERN, …]                           tags keep the first manifest that they named
///     immutable-since: [{repositories: [PATTERN, …], since: MILLISECONDS}, …]         noted when the policy is set
///     replicas:   [{repositories: [PATTERN, …], count: 1…100}, …]
///     tags:       {when-behind: answer | refuse}         what a tag names
///     tombstones: {days: 1…3650}
///     writers:    [{repositories: [PATTERN, …], nodes: [NODE, …]}, …]      NODE = 64 hex digits, or a member's name
///
/// Everything may be absent.
struct PolicyReader {
  enum Spelling {
    /// Of a record: one form for each value.
    case exact
    case operators((NodeName) -> [NodeID])
  }

  static let limits = BencodeDocument.Limits(bytes: FleetRecord.policyByteLimit, depth: 6, values: 200_000)
  static let listLimit = 20_000

  private let root: PolicyField

  init(document: [UInt8], spelling: Spelling) throws(PolicyFault) {
    let view: BencodeView
    do throws(BencodeDocument.Malformed) {
      view = try BencodeDocument(document, within: Self.limits).root
    } catch {
      throw PolicyFault("", "this is no policy document: \(error.what)")
    }
    root = PolicyField(view, path: "", spelling: spelling)
    guard view.isDictionary else {
      throw PolicyFault("", "a policy is a mapping of keys, for example 'immutable: [\"releases/**\"]'")
    }
  }

  func text() throws(PolicyFault) -> String {
    let text = try root["text"]?.text() ?? ""
    guard text.utf8.count <= FleetPolicy.textByteLimit else {
      throw PolicyFault("text", "a policy has at most \(FleetPolicy.textByteLimit / 1024) KiB")
    }
    return text
  }

  func rules() throws(PolicyFault) -> PolicyRules {
    var rules = PolicyRules()
    rules.catalogueWhenBehind = try whenBehind("catalogue") ?? rules.catalogueWhenBehind
    rules.tagsWhenBehind = try whenBehind("tags") ?? rules.tagsWhenBehind
    let (history, tombstones) = (try root["history"]?.mapping(), try root["tombstones"]?.mapping())
    rules.historyEntries = try history?["entries"]?.number(in: 0...1000) ?? rules.historyEntries
    rules.historyDays = try history?["days"]?.number(in: 0...3650) ?? rules.historyDays
    rules.tombstoneDays = try tombstones?["days"]?.number(in: 1...3650) ?? rules.tombstoneDays
    rules.immutableTags = try root["immutable"]?.patterns() ?? rules.immutableTags
    for item in try root["immutable-since"]?.items() ?? [] {
      let note = try item.mapping()
      let (repositories, since) = (try note.required("repositories"), try note.required("since"))
      rules.immutableSince.append(
        .init(repositories: try repositories.patterns(), since: Int64(try since.number(in: 0...HybridTime.wallLimit))))
    }
    for item in try root["replicas"]?.items() ?? [] {
      let rule = try item.mapping()
      let (repositories, count) = (try rule.required("repositories"), try rule.required("count"))
      rules.replicas.append(.init(repositories: try repositories.patterns(), count: try count.number(in: 1...100)))
    }
    for item in try root["writers"]?.items() ?? [] {
      let rule = try item.mapping()
      let (repositories, nodes) = (try rule.required("repositories"), try rule.required("nodes"))
      rules.writers.append(.init(repositories: try repositories.patterns(), nodes: try nodes.nodes()))
    }
    return rules
  }

  func unknownKeys() -> [String] { root.unknownKeys() }

  private func whenBehind(_ key: StaticString) throws(PolicyFault) -> PolicyRules.WhenBehind? {
    try root[key]?.mapping()["when-behind"]?.choice()
  }
}

extension PolicyRules {
  /// In the one spelling of a record.
  func bencoded(text: String) -> [UInt8] {
    func list(_ patterns: PublicPatterns) -> BencodeValue { .list(patterns.patterns.map(BencodeValue.text)) }
    let replicas = replicas.map {
      BencodeValue.dictionary(["count": .integer(Int64($0.count)), "repositories": list($0.repositories)])
    }
    let writers = writers.map { rule in
      let nodes = rule.nodes.map(\.description).sorted().map(BencodeValue.text)
      return BencodeValue.dictionary(["nodes": .list(nodes), "repositories": list(rule.repositories)])
    }
    var content: [BencodeValue.Key: BencodeValue] = [
      "catalogue": .dictionary(["when-behind": .text(catalogueWhenBehind.rawValue)]),
      "history": .dictionary(["days": .integer(Int64(historyDays)), "entries": .integer(Int64(historyEntries))]),
      "immutable": list(immutableTags), "replicas": .list(replicas),
      "tags": .dictionary(["when-behind": .text(tagsWhenBehind.rawValue)]), "text": .text(text),
      "tombstones": .dictionary(["days": .integer(Int64(tombstoneDays))]), "writers": .list(writers),
    ]
    if !immutableSince.isEmpty {
      content["immutable-since"] = .list(
        immutableSince.map { .dictionary(["repositories": list($0.repositories), "since": .integer($0.since)]) })
    }
    return BencodeValue.dictionary(content).encoded
  }
}
