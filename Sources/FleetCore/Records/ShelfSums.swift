import RegistryCore

/// Whether two nodes know the same, in a few bytes: a sum over the hashes of all that is known, whatever order it came in.
/// What is summed is signed by the fleet's key or proves a fault of its maker's, so nobody gains by a sum that agrees.
public struct DirectoryDigest: Hashable, Sendable {
  public static let byteCount = 16

  private var first: UInt64 = 0
  private var second: UInt64 = 0

  public init() {}

  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    first = UInt64(bigEndian: bytes.prefix(8))
    second = UInt64(bigEndian: bytes.suffix(8))
  }

  public var bytes: [UInt8] { first.bigEndianBytes + second.bigEndianBytes }

  mutating func add(_ hash: RecordHash) {
    first &+= hash.lanes.0
    second &+= hash.lanes.1
  }

  mutating func subtract(_ hash: RecordHash) {
    first &-= hash.lanes.0
    second &-= hash.lanes.1
  }
}

/// The same for each shelf: who is told of it knows on which shelves the teller lacks something. It has one size, whatever
/// the size of the fleet.
public struct ShelfSums: Hashable, Sendable {
  /// One for each shelf of nodes, one for the policy, one for what belongs to no node.
  static let count = NodeList.shelfCount + 2
  static let policyShelf = NodeList.shelfCount
  static let otherShelf = NodeList.shelfCount + 1
  public static let byteCount = 8 * count

  private var sums = [UInt64](repeating: 0, count: count)

  public init() {}

  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    let bytes = Array(bytes)
    for shelf in sums.indices { sums[shelf] = UInt64(bigEndian: bytes[8 * shelf..<8 * shelf + 8]) }
  }

  public var bytes: [UInt8] { sums.flatMap(\.bigEndianBytes) }

  /// The shelves on which two know different things.
  func differing(from other: ShelfSums) -> [Int] { sums.indices.filter { sums[$0] != other.sums[$0] } }

  mutating func add(_ hash: RecordHash, on shelf: Int) { sums[shelf] &+= hash.lanes.0 }

  mutating func subtract(_ hash: RecordHash, on shelf: Int) { sums[shelf] &-= hash.lanes.0 }
}
