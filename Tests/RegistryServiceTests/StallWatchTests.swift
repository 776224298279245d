import Testing

@testable import RegistryService

struct StallWatchTests {
  private let begun = ContinuousClock.now

  @Test func aStallIsToldOnceForEachPatience() {
    var watch = StallWatch(patience: .seconds(1), at: begun)
    #expect(watch.look(at: begun + .milliseconds(999)) == nil)
    #expect(watch.look(at: begun + .seconds(1)) == .stalls)
    #expect(watch.look(at: begun + .milliseconds(1_999)) == nil)
    #expect(watch.look(at: begun + .seconds(2)) == .stillStalls)
    // A late look is one verdict, however long it was.
    #expect(watch.look(at: begun + .seconds(9)) == .stillStalls)
    #expect(watch.look(at: begun + .milliseconds(9_500)) == nil)
    #expect(watch.stalls == 1 && watch.isStalled)
  }

  @Test func bytesEndAStall() {
    var watch = StallWatch(patience: .seconds(1), at: begun)
    #expect(watch.moved(at: begun + .milliseconds(900)) == false)
    #expect(watch.look(at: begun + .milliseconds(1_800)) == nil)
    #expect(watch.look(at: begun + .milliseconds(1_900)) == .stalls)
    #expect(watch.moved(at: begun + .seconds(2)) == true)
    #expect(watch.moved(at: begun + .seconds(2)) == false)
    #expect(watch.look(at: begun + .seconds(3)) == .stalls)
    #expect(watch.stalls == 2)
  }

  @Test func timeThatRunsBackwardsIsNoStall() {
    var watch = StallWatch(patience: .seconds(1), at: begun)
    _ = watch.moved(at: begun + .seconds(5))
    _ = watch.moved(at: begun)
    #expect(watch.look(at: begun + .milliseconds(5_900)) == nil)
  }
}
