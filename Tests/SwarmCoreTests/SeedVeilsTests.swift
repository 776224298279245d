import SwarmCore
import Testing

@Suite struct SeedVeilsTests {
  private var veils = SeedVeils(pieceCount: 10)

  @Test mutating func aSeedThatShowsNothingIsCutAfterASecond() {
    _ = veils.take(.veiled(.a), at: 0)
    #expect(veils.nextTick == 1_000_000)
    #expect(veils.take(.tick, at: 999_999).isEmpty)
    #expect(veils.take(.tick, at: 1_000_000) == [.cut(.a)])
    #expect(veils.nextTick == nil)
    #expect(veils.count == 0)
  }

  @Test mutating func oneThatShowsIsWaitedForWhileWhatItShowedIsComing() {
    _ = veils.take(.veiled(.a), at: 0)
    _ = veils.take(.shown(.a, 3), at: 500_000)
    #expect(veils.nextTick == nil)
    #expect(veils.take(.tick, at: 60_000_000).isEmpty)
    _ = veils.take(.has(3), at: 61_000_000)
    #expect(veils.nextTick == 66_000_000)
    #expect(veils.take(.tick, at: 66_000_000) == [.cut(.a)])
  }

  @Test mutating func oneWhoseVeilWasLiftedIsForgotten() {
    _ = veils.take(.veiled(.a), at: 0)
    _ = veils.take(.unveiled(.a), at: 1)
    #expect(veils.take(.tick, at: 9_000_000).isEmpty)
  }

  @Test mutating func nobodyIsCutOnceEverythingIsHere() {
    _ = veils.take(.veiled(.a), at: 0)
    for piece in 0..<10 { _ = veils.take(.has(piece), at: 1) }
    #expect(veils.nextTick == nil)
    #expect(veils.take(.tick, at: 9_000_000).isEmpty)
  }

  @Test mutating func whatReadersWaitForIsSaidToSeedsThatDoNotShowIt() {
    _ = veils.take(.veiled(.a), at: 0)
    _ = veils.take(.veiled(.b), at: 0)
    _ = veils.take(.shown(.a, 4), at: 1)
    _ = veils.take(.has(5), at: 1)
    #expect(veils.take(.wants([4, 5, 6, 99]), at: 2) == [.suggest(.a, [6]), .suggest(.b, [4, 6])])
    #expect(veils.take(.wants([5]), at: 2).isEmpty)
  }

  @Test mutating func piecesThatAreNoneAreNothing() {
    _ = veils.take(.veiled(.a), at: 0)
    _ = veils.take(.shown(.a, 10), at: 1)
    _ = veils.take(.shown(.b, 1), at: 1)
    _ = veils.take(.has(-1), at: 1)
    #expect(veils.take(.tick, at: 1_000_000) == [.cut(.a)])
  }
}
