import BlockingWork
import RegistryCore

/// Statements that end with the process.
public final class MemoryStatements: Statements {
  private let shelves = Lock<[StatementShelf: [[UInt8]: [UInt8]]]>([:])

  public init() {}

  public func all(on shelf: StatementShelf) async throws(RegistryError) -> [Statement] {
    let kept = shelves.withLock { $0[shelf] ?? [:] }
    return kept.map { Statement(key: $0.key, value: $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  public func keep(_ changes: [StatementChange]) async throws(RegistryError) {
    shelves.withLock { shelves in
      for change in changes { shelves[change.shelf, default: [:]][change.key] = change.value }
    }
  }
}
