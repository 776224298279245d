import RegistryCore
import Testing

@testable import RegistryService

/// For whom a fetch waits at its site, and for how long, in virtual time.
struct SiteWatchTests {
  private let begun = ContinuousClock.now
  private let first = JoinedNodes.id(1)
  private let second = JoinedNodes.id(2)

  private func after(_ milliseconds: Int) -> SiteWatch.Instant { begun + .milliseconds(milliseconds) }

  private func watch(_ fetchers: [NodeID], isAgreed: Bool = true) -> SiteWatch {
    SiteWatch(SitePlan(fetchers: fetchers, isAgreed: isAgreed), FetchLimits(), at: begun)
  }

  @Test func whileBytesComeNobodyIsAskedAndTheLineIsNotCrossed() {
    var watch = watch([first])
    for tick in 1...400 {
      watch.moved(500, at: after(tick * 100))
      #expect(watch.tick(at: after(tick * 100 + 50)) == nil)
    }
  }

  /// Whoever is near and holds a fetch up.
  @Test(arguments: [true, false]) func aTrickleIsNotWaitedForLongerThanAWord(_ hasHolders: Bool) {
    var watch = watch(hasHolders ? [] : [first])
    for second in 1..<15 {
      watch.moved(4_000, at: after(second * 1_000))
      #expect(watch.tick(at: after(second * 1_000 + 500)) == nil)
    }
    watch.moved(4_000, at: after(14_900))
    #expect(watch.tick(at: after(15_000)) == .cross)
  }

  @Test func aFetcherThatGetsOnIsWaitedForAndAskedEachSecond() {
    var watch = watch([first])
    #expect(watch.tick(at: after(999)) == nil)
    for second in 1...14 {
      #expect(watch.tick(at: after(second * 1_000)) == .ask(first))
      #expect(watch.tick(at: after(second * 1_000 + 1)) == nil, "one question at a time")
      #expect(watch.said(first, bytes: Int64(second), at: after(second * 1_000 + 10)) == nil)
      #expect(watch.tick(at: after(second * 1_000 + 500)) == nil)
    }
    #expect(watch.tick(at: after(15_000)) == .cross, "what it says of itself is believed no longer")
  }

  @Test func aFetcherThatStandsStillIsPassedOver() {
    var watch = watch([first, second])
    #expect(watch.tick(at: after(1_000)) == .ask(first))
    #expect(watch.said(first, bytes: 0, at: after(1_010)) == nil)
    #expect(watch.tick(at: after(3_000)) == .ask(second))
    #expect(watch.said(first, bytes: 9, at: after(3_100)) == nil, "too late")
    #expect(watch.said(second, bytes: 1, at: after(3_200)) == nil)
    #expect(watch.tick(at: after(6_100)) == .ask(second))
    #expect(watch.said(second, bytes: 1, at: after(6_110)) == nil)
    #expect(watch.tick(at: after(6_200)) == .cross)
  }

  @Test func whoRefusesOrIsSilentIsPassedOverAtOnce() {
    var watch = watch([first, second])
    #expect(watch.tick(at: after(1_000)) == .ask(first))
    #expect(watch.said(first, bytes: nil, at: after(1_001)) == .ask(second))
    #expect(watch.said(second, bytes: nil, at: after(1_002)) == .cross)
  }

  @Test func whoWasNotAskedYetIsAskedFirst() {
    var watch = watch([first], isAgreed: false)
    #expect(watch.tick(at: begun) == .ask(first))
    #expect(watch.tick(at: after(1)) == nil)
  }

  @Test func whereSomebodyNearHasItNobodyIsAskedAndTheLineIsCrossedWhenNothingComes() {
    var watch = watch([])
    #expect(watch.hasHolders)
    #expect(watch.tick(at: after(2_999)) == nil)
    #expect(watch.tick(at: after(3_000)) == .cross)
  }

  /// The fetcher has it whole, and goes.
  @Test func aFetcherThatLeavesWhatItBroughtIsNeededNoMore() {
    var watch = watch([first])
    watch.found(holders: 1)
    #expect(watch.tick(at: after(1_000)) == .ask(first))
    #expect(watch.said(first, bytes: nil, at: after(1_010)) == nil)
    #expect(watch.tick(at: after(3_000)) == .cross)
  }
}
