import RegistryCore

/// What one node brings another: records and proofs that the other may lack.
public struct DirectoryNews: Hashable, Sendable {
  public var records: [FleetRecord]
  public var forks: [ForkProof]

  public init(records: [FleetRecord] = [], forks: [ForkProof] = []) {
    (self.records, self.forks) = (records, forks)
  }

  public var isEmpty: Bool { records.isEmpty && forks.isEmpty }
}

extension Directory {
  private enum Statement {
    case record(FleetRecord)
    case fork(ForkProof)

    var byteCount: Int {
      switch self {
      case .record(let record): record.byteCount
      case .fork(let fork): fork.byteCount
      }
    }
  }

  /// What somebody who knows as much as his summary says may lack, as much as fits and at least one statement. It holds
  /// all of a shelf on which he differs, and so also what he has: that he knows it costs him a hash.
  /// - Parameter turn: any number, another one each time, so that nothing is left out for ever (`ShelfWalk`).
  public func news(for other: ShelfSums, byteLimit: Int, turn: UInt64) -> DirectoryNews {
    var news = DirectoryNews()
    let walk = ShelfWalk(shelves: summary.differing(from: other), byteLimit: byteLimit, turn: turn)
    for statement in walk.gather(from: statements(onShelf:), size: \.byteCount) {
      switch statement {
      case .record(let record): news.records.append(record)
      case .fork(let fork): news.forks.append(fork)
      }
    }
    return news
  }

  private func statements(onShelf shelf: Int) -> [Statement] {
    records(onShelf: shelf).map(Statement.record) + forks(onShelf: shelf).map(Statement.fork)
  }
}
