import RegistryCore

/// A name and what it stands for, on one side of a join.
public struct SpokenName: Hashable, Sendable {
  public let name: ClaimedName
  /// What the winning claim says; `nil`: it is gone.
  public let value: [UInt8]?

  public init(_ name: ClaimedName, _ value: [UInt8]?) {
    (self.name, self.value) = (name, value)
  }
}

/// Why a name of a joining node and the fleet do not go together.
public enum NameConflict: Hashable, Sendable {
  /// The fleet names something else so.
  case differs
  /// The fleet has deleted it.
  case deleted
  /// The fleet names something else so, for ever: its tags keep what they named first.
  case immutable
  /// The policy gives the name's repository to other writers.
  case notWriter
}

/// What a joining node's operator wants of names that do not go together. Fleets never merge silently.
public enum NamesChoice: String, Hashable, Sendable, CaseIterable {
  case refuse
  case keepFleet = "keep-fleet"
  case keepMine = "keep-mine"
}

/// Goes through a joining node's names and the fleet's side by side.
public struct NameComparison: Sendable {
  /// What is to be done with the names that do not go together (`ClaimLedger.rebase`).
  public struct Plan: Hashable, Sendable {
    /// Said once more, now, so that they beat what the fleet says.
    public var restated: Set<ClaimedName> = []
    /// Not carried over.
    public var dropped: Set<ClaimedName> = []

    public init() {}
  }

  /// Why a node does not join with these names.
  public struct Refused: Error, Hashable, Sendable, CustomStringConvertible {
    public let choice: NamesChoice
    public let count: Int
    /// The first of them, in order.
    public let examples: [ClaimedName: NameConflict]
    /// Whether this node's could be put over all of the fleet's.
    public let mayKeepMine: Bool
  }

  public static let exampleLimit = 20

  private let rules: NameRules
  private let node: NodeID
  private let choice: NamesChoice
  private var plan = Plan()
  private var refusals = 0
  private var mayKeepMine = true
  private var examples: [ClaimedName: NameConflict] = [:]

  /// - Parameters:
  ///   - rules: the fleet's.
  ///   - node: who joins.
  public init(_ choice: NamesChoice, rules: NameRules, node: NodeID) {
    (self.choice, self.rules, self.node) = (choice, rules, node)
  }

  /// - Parameters:
  ///   - mine: what the joining node names, tombstones too, in order (`ClaimedName.precedes`), each name once.
  ///   - fleet: the same of the fleet. Both are read once, side by side, and not kept.
  public static func plan(
    _ choice: NamesChoice, mine: some Sequence<SpokenName>, fleet: some Sequence<SpokenName>, rules: NameRules,
    node: NodeID
  ) throws(Refused) -> Plan {
    var comparison = NameComparison(choice, rules: rules, node: node)
    var others = fleet.makeIterator()
    var other = others.next()
    for name in mine {
      while let there = other, there.name.precedes(name.name) { other = others.next() }
      comparison.compare(name, with: other.flatMap { $0.name == name.name ? $0 : nil })
    }
    return try comparison.finish()
  }

  /// - Parameter there: what the fleet says of the same name; `nil`: nothing.
  public mutating func compare(_ here: SpokenName, with there: SpokenName?) {
    // What a node deleted while it was alone says nothing to a fleet that may have put something else under the name.
    guard let value = here.value else {
      plan.dropped.insert(here.name)
      return
    }
    guard let conflict = conflict(here.name, value, there) else { return }
    switch (choice, conflict) {
    case (.keepFleet, _): plan.dropped.insert(here.name)
    case (.keepMine, .differs), (.keepMine, .deleted): plan.restated.insert(here.name)
    case (.refuse, _), (.keepMine, .immutable), (.keepMine, .notWriter):
      refusals += 1
      if conflict == .immutable || conflict == .notWriter { mayKeepMine = false }
      if examples.count < Self.exampleLimit { examples[here.name] = conflict }
    }
  }

  public func finish() throws(Refused) -> Plan {
    guard refusals == 0 else {
      throw Refused(choice: choice, count: refusals, examples: examples, mayKeepMine: mayKeepMine)
    }
    return plan
  }

  private func conflict(_ name: ClaimedName, _ value: [UInt8], _ there: SpokenName?) -> NameConflict? {
    guard rules.mayWrite(node, name.repository) else { return .notWriter }
    guard let there else { return nil }
    guard let other = there.value else { return .deleted }
    // A manifest's name is its digest: whoever names it names the same bytes.
    guard name.kind == .tag, other != value else { return nil }
    return rules.immutableTags.matches(name.repository) ? .immutable : .differs
  }
}

extension ClaimedName {
  /// By repository, then kind, then key: the order in which names are gone through.
  public func precedes(_ other: ClaimedName) -> Bool {
    if repository != other.repository { return repository < other.repository }
    if kind != other.kind { return kind.rawValue < other.kind.rawValue }
    return key.lexicographicallyPrecedes(other.key)
  }
}

extension NameComparison.Refused {
  public var description: String {
    let shown = examples.sorted { $0.key.precedes($1.key) }
      .map { "\($0.key.spelling) (\(Self.reason($0.value)))" }.joined(separator: ", ")
    let more = count > examples.count ? " and \(count - examples.count) more" : ""
    let names = count == 1 ? "1 name" : "\(count) names"
    return "\(names) of this node and the fleet's do not go together: \(shown)\(more). \(advice)"
  }

  private var advice: String {
    if choice == .refuse, mayKeepMine {
      return "Join with --names keep-fleet to drop this node's, or --names keep-mine to put them over the fleet's"
    }
    let which = choice == .refuse ? "Not all of these can" : "These cannot"
    return "\(which) be put over the fleet's: join with --names keep-fleet to drop this node's, or rename those first"
  }

  private static func reason(_ conflict: NameConflict) -> String {
    switch conflict {
    case .differs: "the fleet names another image so"
    case .deleted: "the fleet has deleted it"
    case .immutable: "the fleet names another image so, and its tags there never change"
    case .notWriter: "the fleet's policy lets other nodes write there"
    }
  }
}

extension ClaimedName {
  /// As people write images: `REPOSITORY:TAG`, `REPOSITORY@DIGEST`.
  public var spelling: String {
    switch kind {
    case .tag: "\(repository):\(String(decoding: key, as: UTF8.self))"
    default: "\(repository)@\(Digest(multihash: key)?.description ?? Hex.encode(key))"
    }
  }
}
