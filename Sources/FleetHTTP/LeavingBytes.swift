import FleetCore
import RegistryCore

/// What a node that leaves and the others say to each other, on its way.
enum LeavingBytes {
  private static let limits = BencodeDocument.Limits(bytes: byteLimit, depth: 2, values: 20_000)
  static let byteLimit = 1 << 20

  /// How far a node's log goes, epoch by epoch: a list of epochs and last numbers in turn.
  static func heads(_ heads: [Int64: Int64]) -> [UInt8] {
    let numbers = heads.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return BencodeValue.list(numbers.map(BencodeValue.integer)).encoded
  }

  static func heads(in bytes: [UInt8]) -> [Int64: Int64]? {
    guard let items = try? BencodeDocument(bytes, within: limits).root.items, items.count.isMultiple(of: 2) else {
      return nil
    }
    var heads: [Int64: Int64] = [:]
    for place in stride(from: 0, to: items.count, by: 2) {
      guard let epoch = items[place].integer, let last = items[place + 1].integer else { return nil }
      heads[epoch] = last
    }
    return heads
  }

  static func digests(_ digests: [Digest]) -> [UInt8] {
    BencodeValue.list(digests.map { .text($0.description) }).encoded
  }

  static func digests(in bytes: [UInt8]) -> Set<Digest>? {
    guard let items = try? BencodeDocument(bytes, within: limits).root.items else { return nil }
    var digests: Set<Digest> = []
    for item in items {
      guard let digest = item.text.flatMap({ try? Digest(parsing: $0) }) else { return nil }
      digests.insert(digest)
    }
    return digests
  }
}
