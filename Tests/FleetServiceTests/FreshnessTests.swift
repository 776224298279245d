import Testing

@testable import FleetService

@Suite struct FreshnessTests {
  private let limit = Freshness.behindMilliseconds

  @Test func nobodyIsFreshWhoHasComparedWithNobody() {
    let freshness = Freshness()
    #expect(!freshness.isFresh(at: 0))
    freshness.note(comparedAt: nil)
    #expect(!freshness.isFresh(at: 0))
  }

  @Test func whatWasComparedIsFreshForAWhile() {
    let freshness = Freshness()
    freshness.note(comparedAt: 100)
    #expect(freshness.isFresh(at: 100 + limit))
    #expect(!freshness.isFresh(at: 101 + limit))
  }

  @Test func anExchangeThatBeganEarlierTakesNothingBack() {
    let freshness = Freshness()
    freshness.note(comparedAt: 900)
    freshness.note(comparedAt: 100)
    #expect(freshness.isFresh(at: 900 + limit))
  }

  @Test func whoWaitsGoesOnWithTheExchangeOrWithoutIt() async {
    let freshness = Freshness()
    // With nobody to end it, the patience does.
    await freshness.wait()
    async let waiting: Void = freshness.wait()
    freshness.note(comparedAt: 1)
    await waiting
    freshness.end()
    await freshness.wait()
    #expect(!freshness.mayWait(at: 1))
  }

  @Test func afterWaitingInVainNobodyWaitsForAWhile() {
    let freshness = Freshness()
    #expect(freshness.mayWait(at: 0))
    freshness.noteFailure(at: 0)
    #expect(!freshness.mayWait(at: Freshness.pauseMilliseconds - 1))
    #expect(freshness.mayWait(at: Freshness.pauseMilliseconds))
    freshness.noteFailure(at: 5000)
    freshness.note(comparedAt: 5001)
    #expect(freshness.mayWait(at: 5001))
  }
}
