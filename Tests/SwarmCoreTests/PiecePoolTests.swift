import FleetCore
import Testing

@testable import SwarmCore

@Suite struct PiecePoolTests {
  private var chance = SplitMix64(seed: 7)

  @Test mutating func eachPieceIsThereOnceTheFirstInOrderTheRestInBands() {
    var pool = PiecePool(pieceCount: 100, leading: 8, band: 16, using: &chance)
    var taken: [Int] = []
    while let piece = pool.take(isFree: { _ in true }, suits: { _ in true }) { taken.append(piece) }
    #expect(Array(taken.prefix(8)) == Array(0..<8))
    #expect(taken.sorted() == Array(0..<100))
    for start in stride(from: 8, to: 100, by: 16) {
      let end = min(100, start + 16)
      #expect(taken[start..<end].sorted() == Array(start..<end))
    }
    #expect(taken != Array(0..<100))
  }

  @Test mutating func whatDoesNotSuitStaysAndWhatIsNotFreeIsForgotten() {
    var pool = PiecePool(pieceCount: 4, leading: 4, band: 1, using: &chance)
    #expect(pool.take(isFree: { $0 != 1 }, suits: { $0 == 2 }) == 2)
    #expect(pool.take(isFree: { $0 != 2 }, suits: { $0 != 3 }) == 0)
    #expect(pool.take(isFree: { $0 != 2 && $0 != 0 }, suits: { _ in true }) == 3)
    // 1 was not free when its turn came: who frees it puts it back.
    #expect(pool.isUsedUp { $0 == 1 })
    pool.putBack(1)
    #expect(!pool.isUsedUp { $0 == 1 })
    #expect(pool.take(isFree: { $0 == 1 }, suits: { _ in true }) == 1)
    #expect(pool.take(isFree: { _ in true }, suits: { _ in true }) == nil)
  }
}
