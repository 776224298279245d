/// What a client knows about one name: the states that it may be in. A request that was acknowledged leaves one of
/// them, one that broke off leaves two.
struct Fact<State: Hashable & Sendable>: Sendable {
  private(set) var possible: Set<State>

  init(_ state: State) { possible = [state] }

  /// The one state; `nil` while it is in doubt.
  var known: State? { possible.count == 1 ? possible.first : nil }

  mutating func mayBecome(_ state: State) { possible.insert(state) }
  mutating func became(_ state: State) { possible = [state] }
}

/// A name within a repository.
struct Place: Hashable, Sendable, CustomStringConvertible {
  let repository: String
  /// A digest or a tag.
  let name: String

  var description: String { "\(repository) \(name)" }
}

/// A law was broken, or the node answered what it never should.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
