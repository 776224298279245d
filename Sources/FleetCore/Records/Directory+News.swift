import RegistryCore

/// What one node brings another: records and proofs that the other may lack.
public struct DirectoryNews: Hashable, Sendable {
  public var records: [FleetRecord] = []
  public var forks: [ForkProof] = []

  public init(records: [FleetRecord] = [], forks: [ForkProof] = []) {
    (self.records, self.forks) = (records, forks)
  }

  public var isEmpty: Bool { records.isEmpty && forks.isEmpty }
}

extension Directory {
  /// What somebody who knows as much as his summary says may lack, as much as fits and at least one statement, records
  /// before proofs. It holds all of a shelf on which he differs, and so also what he has: `take` knows it for free.
  ///
  /// Nothing is remembered between two calls, and none is stuck: where it begins depends on `turn`.
  /// - Parameter turn: any number, another one each time.
  public func news(for other: ShelfSums, byteLimit: Int, turn: UInt64) -> DirectoryNews {
    let shelves = summary.differing(from: other)
    guard !shelves.isEmpty else { return DirectoryNews() }
    var news = DirectoryNews()
    var room = byteLimit
    let first = Int(turn % UInt64(shelves.count))
    for shelf in shelves[first...] + shelves[..<first] {
      let (records, forks) = (records(onShelf: shelf), forks(onShelf: shelf))
      let count = records.count + forks.count
      guard count > 0 else { continue }
      // The shelf that is cut off goes on elsewhere next time.
      let start = shelf == shelves[first] ? Int(turn / UInt64(shelves.count) % UInt64(count)) : 0
      for step in 0..<count {
        let place = (start + step) % count
        let size = place < records.count ? records[place].byteCount : forks[place - records.count].byteCount
        guard size <= room || news.isEmpty else { return news }
        room -= size
        if place < records.count {
          news.records.append(records[place])
        } else {
          news.forks.append(forks[place - records.count])
        }
      }
    }
    return news
  }
}
