import BlockingWork
import OpenSSLKit
import Testing

@testable import TorrentHashing

/// Both ways of hashing together against OpenSSL's hash and the pass over leaves alone.
@Suite struct DigestLeafPassTests {
  private static let leaf = LeafPass.leafBytes
  private static let pieceBytes: @Sendable (Int64) -> Int = { $0 > 1 << 20 ? 128 << 10 : 64 << 10 }

  /// Around every boundary: of a block, of the padding within a block, of a leaf, of a piece.
  private static let sizes: [Int] = [
    0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, leaf - 9, leaf - 1, leaf, leaf + 1, leaf + 55, leaf + 56,
    leaf + 64, 2 * leaf, 4 * leaf - 1, 4 * leaf, 4 * leaf + 1, 7 * leaf + 100, (1 << 20) + 1,
  ]

  /// No two leaves of them are the same.
  private static let stock: [UInt8] = (0..<(2 << 20) / 32).flatMap {
    StreamingHash.hash(withUnsafeBytes(of: $0, Array.init), .sha256)
  }

  private static func bytes(_ count: Int) -> [UInt8] { Array(stock.prefix(count)) }

  private func expect(_ bytes: [UInt8], inChunksOf chunk: Int, inPairs: Bool) {
    var pass = DigestLeafPass(pieceBytes: Self.pieceBytes, inPairs: inPairs)
    var leaves = LeafPass(pieceBytes: Self.pieceBytes)
    bytes.withUnsafeBytes { all in
      leaves.take(all)
      for start in stride(from: 0, to: all.count, by: chunk) {
        pass.take(UnsafeRawBufferPointer(rebasing: all[start..<min(all.count, start + chunk)]))
      }
    }
    let (hash, facts) = pass.finish()
    let due = leaves.finish()
    #expect(hash == StreamingHash.hash(bytes, .sha256), "\(bytes.count) bytes in chunks of \(chunk), pairs: \(inPairs)")
    #expect(facts == due, "\(bytes.count) bytes in chunks of \(chunk), pairs: \(inPairs)")
  }

  @Test(arguments: sizes) func bothHashesAreThoseOfTheBytes(_ size: Int) {
    let bytes = Self.bytes(size)
    for chunk in [1, 63, 64, 65, 1000, Self.leaf, 100_000, 1 << 20] where size / chunk < 500 {
      expect(bytes, inChunksOf: chunk, inPairs: false)
      // A processor without the instructions has one way only.
      if SHA256Pair.isHere { expect(bytes, inChunksOf: chunk, inPairs: true) }
    }
  }

  /// Whether a helper never comes or does its whole share.
  @Test(arguments: [false, true]) func aHelperMakesNoDifference(_ isHelped: Bool) {
    guard SHA256Pair.isHere else { return }
    for (before, count) in [(0, 64), (1, 64), (16_383, 64), (16_384, 64), (100, 64), (0, 7)] {
      let bytes = Self.bytes(before + count * Self.leaf + 77)
      var pass = DigestLeafPass(pieceBytes: Self.pieceBytes, inPairs: true)
      var leaves = LeafPass(pieceBytes: Self.pieceBytes)
      bytes.withUnsafeBytes { leaves.take($0) }
      bytes[..<before].withUnsafeBytes { pass.take($0) }
      let rest = Array(bytes[before...])
      let chunks = stride(from: 0, to: rest.count, by: 50_001).map { Array(rest[$0..<min(rest.count, $0 + 50_001)]) }
      pass.take(chunks) { help in
        // Here, before the owner has begun: the helper gets all that it may have.
        if isHelped { help() }
      }
      let (hash, facts) = pass.finish()
      let due = leaves.finish()
      #expect(hash == StreamingHash.hash(bytes, .sha256), "\(count) leaves after \(before) bytes")
      #expect(facts == due, "\(count) leaves after \(before) bytes")
    }
  }

  /// A real second thread, which meets the owner somewhere in the middle.
  @Test func twoThreadsHashLikeOne() {
    guard SHA256Pair.isHere else { return }
    let pool = BlockingPool(name: "helper", threads: 1)
    defer { pool.stop() }
    let bytes = Self.bytes(2 << 20)
    let chunks = stride(from: 0, to: bytes.count, by: 100_003).map {
      Array(bytes[$0..<min(bytes.count, $0 + 100_003)])
    }
    var whole = LeafPass(pieceBytes: Self.pieceBytes)
    bytes.withUnsafeBytes { whole.take($0) }
    let due = whole.finish()
    for _ in 0..<10 {
      var pass = DigestLeafPass(pieceBytes: Self.pieceBytes, inPairs: true)
      pass.take(Array(chunks[..<9]), help: pool.submit)
      pass.take(Array(chunks[9...]), help: pool.submit)
      let (hash, facts) = pass.finish()
      #expect(hash == StreamingHash.hash(bytes, .sha256))
      #expect(facts == due)
    }
  }

  @Test func whatAHelperDidNotFinishIsHashedByTheOwner() throws {
    let bytes = Self.bytes(10 * Self.leaf)
    let shared = try #require(SharedLeaves([bytes], after: 0))
    for leaf in 0..<4 { #expect(shared.claim(leaf)) }
    #expect(shared.claimLast()?.leaf == 9)
    #expect(shared.claimLast()?.leaf == 8)
    #expect(shared.claim(10), "it is not among those that are shared")
    for leaf in 4..<8 { #expect(shared.claim(leaf)) }
    #expect(!shared.claim(8))
    let due = (8..<10).map { StreamingHash.hash(Array(bytes[($0 * Self.leaf)..<(($0 + 1) * Self.leaf)]), .sha256) }
    #expect(shared.close() == due)
    #expect(shared.claimLast() == nil)
  }

  @Test func chunksOfAnyLengthMakeNoDifference() {
    guard SHA256Pair.isHere else { return }
    let seed = UInt64.random(in: 0...UInt64.max)
    print("chunks, seed \(seed)")
    var state = seed
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<20 {
      let bytes = Self.bytes(below(300_000))
      var pass = DigestLeafPass(pieceBytes: Self.pieceBytes, inPairs: true)
      var leaves = LeafPass(pieceBytes: Self.pieceBytes)
      bytes.withUnsafeBytes { all in
        leaves.take(all)
        var start = 0
        while start < all.count {
          let end = min(all.count, start + below(40_000))
          pass.take(UnsafeRawBufferPointer(rebasing: all[start..<end]))
          start = end
        }
      }
      let (hash, facts) = pass.finish()
      let due = leaves.finish()
      #expect(hash == StreamingHash.hash(bytes, .sha256), "\(bytes.count) bytes, seed \(seed)")
      #expect(facts == due, "\(bytes.count) bytes, seed \(seed)")
    }
  }
}
