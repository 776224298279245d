import SwarmCore
import Testing

@Suite struct RequestDepthTests {
  private let quarter: SwarmInstant = 250_000

  @Test func oneOfTwoIsAskedForAllItCanSend() {
    var depth = RequestDepth()
    depth.note(blocks: 10, delay: 1000, over: quarter, peers: 2)
    #expect(depth.depth == 1500)
  }

  @Test func oneOfManyIsAskedForWhatItsLineHoldsAndALittleMore() {
    var depth = RequestDepth()
    // 50 MB a second with an answer in 10 ms: 763 blocks a quarter, 50 ms of them.
    depth.note(blocks: 763, delay: 10_000, over: quarter, peers: 15)
    #expect(depth.depth == 153)
  }

  @Test func aSlowOneOfManyIsAskedForTheLeast() {
    var depth = RequestDepth()
    depth.note(blocks: 6, delay: 30_000, over: quarter, peers: 15)
    #expect(depth.depth == 3)
  }

  @Test func aQueueInItsLineIsNotTakenForALongWay() {
    var depth = RequestDepth()
    depth.note(blocks: 100, delay: 5000, over: quarter, peers: 15)
    let before = depth.depth
    depth.note(blocks: 100, delay: 400_000, over: quarter, peers: 15)
    #expect(depth.depth <= before * 2)
  }

  @Test func aWhileWithoutBlocksSaysNothing() {
    var depth = RequestDepth()
    depth.note(blocks: 6, delay: 30_000, over: quarter, peers: 15)
    depth.note(blocks: 0, delay: 0, over: quarter, peers: 0)
    #expect(depth.depth == 3)
  }
}
