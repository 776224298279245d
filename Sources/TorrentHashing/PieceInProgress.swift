import OpenSSLKit

/// The part of a hash tree that came since the last piece ended: one hash for each bit of the leaves' count, the largest
/// subtree first, as in a binary counter.
struct PieceInProgress: Sendable {
  private(set) var leafCount = 0
  /// Side by side, so that the last two are the input of the one above them.
  private var subtrees: [UInt8]

  /// One hash for each height and one that is just being pushed: pieces of up to 2^40 leaves need no more memory.
  private static let capacity = 42

  init() {
    subtrees = []
    subtrees.reserveCapacity(Self.capacity * HashRow.hashBytes)
  }

  var isEmpty: Bool { leafCount == 0 }

  /// The height of the smallest tree that has all the leaves in it.
  var leastHeight: Int { leafCount < 2 ? 0 : Int.bitWidth - (leafCount - 1).leadingZeroBitCount }

  /// - Parameter hash: has taken the leaf's bytes.
  mutating func pushLeaf(_ hash: inout StreamingHash) {
    let place = subtrees.count
    subtrees.append(contentsOf: repeatElement(0, count: HashRow.hashBytes))
    subtrees.withUnsafeMutableBytes { hash.finishAndRestart(into: $0.baseAddress! + place) }
    countLeaf(&hash)
  }

  mutating func pushLeaf(_ leafHash: [UInt8], _ hash: inout StreamingHash) {
    subtrees += leafHash
    countLeaf(&hash)
  }

  private mutating func countLeaf(_ hash: inout StreamingHash) {
    leafCount += 1
    for _ in 0..<leafCount.trailingZeroBitCount { joinLastTwo(&hash) }
  }

  /// Appends the hash of the piece, padded to 2^height leaves, to a row. The next piece begins.
  mutating func close(height: Int, into row: inout HashRow, _ hash: inout StreamingHash) {
    var last = leafCount.trailingZeroBitCount
    var others = leafCount & (leafCount - 1)
    while last < height {
      if others & (1 << last) == 0 { subtrees += HashRow.padding(height: last, &hash) }
      others &= ~(1 << last)
      joinLastTwo(&hash)
      last += 1
    }
    row.append(subtrees)
    subtrees.removeAll(keepingCapacity: true)
    leafCount = 0
  }

  private mutating func joinLastTwo(_ hash: inout StreamingHash) {
    let place = subtrees.count - 2 * HashRow.hashBytes
    subtrees.withUnsafeMutableBytes { bytes in
      hash.update(UnsafeRawBufferPointer(rebasing: bytes[place...]))
      hash.finishAndRestart(into: bytes.baseAddress! + place)
    }
    subtrees.removeLast(HashRow.hashBytes)
  }
}
