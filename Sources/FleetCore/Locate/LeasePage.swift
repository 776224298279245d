import RegistryCore

/// What one member told this one.
struct LeasePage: Sendable {
  private struct Entry {
    let holding: Holding
    let stamp: UInt64
  }

  let node: NodeID
  /// Where the member stands among the zones that the book knows.
  var zone: Int
  var session: Int64
  var number: Int64 = 0
  var until: Int64
  private var entries: [BlobKey: Entry] = [:]
  /// In the order in which they were told, some of them told again or gone since: then the stamp is another one.
  private var order: [(key: BlobKey, stamp: UInt64)] = []
  private var oldest = 0
  private var stamp: UInt64 = 0

  init(node: NodeID, zone: Int, session: Int64, until: Int64) {
    (self.node, self.zone, self.session, self.until) = (node, zone, session, until)
  }

  var count: Int { entries.count }

  var keys: some Collection<BlobKey> { entries.keys }

  /// - Returns: what was told of it before.
  mutating func put(_ key: BlobKey, _ holding: Holding) -> Holding? {
    stamp += 1
    order.append((key, stamp))
    let before = entries.updateValue(Entry(holding: holding, stamp: stamp), forKey: key)
    if order.count > 2 * entries.count + 64 { compact() }
    return before?.holding
  }

  mutating func remove(_ key: BlobKey) -> Bool { entries.removeValue(forKey: key) != nil }

  mutating func removeOldest() -> BlobKey? {
    while oldest < order.count {
      let (key, stamp) = order[oldest]
      oldest += 1
      if entries[key]?.stamp == stamp {
        entries[key] = nil
        return key
      }
    }
    return nil
  }

  private mutating func compact() {
    order = order[oldest...].filter { entries[$0.key]?.stamp == $0.stamp }
    oldest = 0
  }
}
