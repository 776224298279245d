import OpenSSLKit
import RegistryCore
import Testing

@testable import TorrentHashing

@Suite struct LeafPassTests {
  private static let leaf = LeafPass.leafBytes

  @Test func anEmptyFileHasNoTree() {
    #expect(LeafPass { _ in 65536 }.finish() == nil)
  }

  /// Around every boundary, with pieces that grow on the way: the pass against the tree as BEP 52 draws it.
  @Test(arguments: 0..<3 as Range<UInt64>)
  func theFactsAreThoseOfTheWholeTree(seed: UInt64) throws {
    var chance = SeededGenerator(seed: seed)
    let rules: [@Sendable (Int64) -> Int] = [
      { _ in Self.leaf }, { _ in 4 * Self.leaf }, { size in GrowingPieces.bytes(forSize: size, mostPieces: 4) },
      { size in GrowingPieces.bytes(forSize: size, mostPieces: 5) },
    ]
    let around = [1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 17, 20, 21, 31, 32, 33, 40, 64, 65].map { $0 * Self.leaf }
    for size in [1] + around.flatMap({ [$0 - 1, $0, $0 + 1] }) {
      let bytes = randomBytes(size, &chance)
      for rule in rules {
        let facts = try #require(passed(bytes, rule, &chance))
        let tree = WholeTree(of: bytes, pieceBytes: rule(Int64(size)))
        #expect(facts.size == Int64(size))
        #expect(facts.piecesRoot == tree.root, "size \(size), seed \(seed)")
        #expect(facts.pieceLayer == tree.pieceLayer, "size \(size), seed \(seed)")
      }
    }
  }

  @Test func eachPieceAloneHasTheHashThatStandsInTheLayer() throws {
    var chance = SeededGenerator(seed: 11)
    let pieceBytes = 4 * Self.leaf
    for size in [4, 5, 7, 8, 9, 13].flatMap({ [$0 * Self.leaf - 1, $0 * Self.leaf, $0 * Self.leaf + 1] }) {
      let bytes = randomBytes(size, &chance)
      let facts = try #require(passed(bytes, { _ in pieceBytes }, &chance))
      guard size > pieceBytes else { continue }
      let layer = stride(from: 0, to: size, by: pieceBytes).flatMap { start in
        PieceRoot.of(Array(bytes[start..<min(start + pieceBytes, size)]), pieceBytes: pieceBytes)
      }
      #expect(layer == facts.pieceLayer, "size \(size)")
    }
  }

  @Test func aFileOfOneLeafHasItsDigestForARoot() throws {
    var chance = SeededGenerator(seed: 7)
    for size in [1, 100, Self.leaf] {
      let bytes = randomBytes(size, &chance)
      let facts = try #require(passed(bytes, { _ in 65536 }, &chance))
      #expect(facts.piecesRoot == StreamingHash.hash(bytes, .sha256))
      #expect(facts.pieceLayer.isEmpty)
    }
  }

  /// What makes a blob of any size cheap to hash: never a hash for each leaf.
  @Test func noMoreIsKeptThanTheRuleAllowsAndOnePair() {
    let most: Int64 = 6
    var pass = LeafPass { GrowingPieces.bytes(forSize: $0, mostPieces: most) }
    let leaf = [UInt8](repeating: 1, count: Self.leaf)
    var longest = 0
    for _ in 0..<1000 {
      leaf.withUnsafeBytes { pass.take($0) }
      longest = max(longest, pass.layer.count)
    }
    #expect(longest <= Int(most) + 2 && longest >= Int(most))
  }

  private func passed(
    _ bytes: [UInt8], _ rule: @escaping @Sendable (Int64) -> Int, _ chance: inout SeededGenerator
  ) -> LeafPass.Facts? {
    var pass = LeafPass(pieceBytes: rule)
    forOddChunks(of: bytes, &chance) { pass.take($0) }
    return pass.finish()
  }
}

@Suite struct PiecePassTests {
  @Test func everyPieceHasItsHash() {
    var chance = SeededGenerator(seed: 1)
    for size in [0, 1, 99, 100, 101, 199, 200, 201, 1000] {
      let bytes = randomBytes(size, &chance)
      var pass = PiecePass(pieceBytes: 100)
      forOddChunks(of: bytes, &chance) { pass.take($0) }
      let expected = stride(from: 0, to: size, by: 100).flatMap { start in
        StreamingHash.hash(Array(bytes[start..<min(start + 100, size)]), .sha1)
      }
      #expect(pass.finish() == expected, "size \(size)")
    }
  }
}

/// The tree as BEP 52 draws it, with every leaf in memory.
private struct WholeTree {
  let root: [UInt8]
  let pieceLayer: [UInt8]

  init(of bytes: [UInt8], pieceBytes: Int) {
    let leaf = LeafPass.leafBytes
    var row = stride(from: 0, to: bytes.count, by: leaf).map { start in
      StreamingHash.hash(Array(bytes[start..<min(start + leaf, bytes.count)]), .sha256)
    }
    while row.count.nonzeroBitCount > 1 { row.append([UInt8](repeating: 0, count: 32)) }
    let pieces = (bytes.count + pieceBytes - 1) / pieceBytes
    var width = leaf
    var layer: [UInt8] = []
    while row.count > 1 {
      if width == pieceBytes { layer = Array(row.prefix(pieces).joined()) }
      row = stride(from: 0, to: row.count, by: 2).map { StreamingHash.hash(row[$0] + row[$0 + 1], .sha256) }
      width *= 2
    }
    root = row[0]
    pieceLayer = pieces > 1 ? layer : []
  }
}

/// Pieces of at least 16 KiB, doubled while there are more than so many.
enum GrowingPieces {
  static func bytes(forSize size: Int64, mostPieces: Int64) -> Int {
    var bytes = LeafPass.leafBytes
    while size > Int64(bytes) * mostPieces { bytes *= 2 }
    return bytes
  }
}
