import BlockingWork
import Testing

@testable import Wire

struct RateBudgetTests {
  private func budget(rate: Int, grace: Duration) -> RateBudget {
    var limits = WireLimits()
    limits.minimumBytesPerSecond = rate
    limits.rateGrace = grace
    return RateBudget(limits)
  }

  @Test func peerSlowerThanTheRateRunsDryHoweverEvenlyItTrickles() {
    var budget = budget(rate: 1_000, grace: .seconds(10))
    var seconds = 0
    while budget.remaining > 0 {
      budget.waited(nanoseconds: 1_000_000_000)
      budget.moved(bytes: 500)
      seconds += 1
    }
    #expect(seconds == 20)
  }

  @Test func peerAtTheRateLivesForEver() {
    var budget = budget(rate: 1_000, grace: .seconds(10))
    for _ in 0..<100_000 {
      budget.waited(nanoseconds: 1_000_000_000)
      budget.moved(bytes: 1_000)
    }
    #expect(budget.remaining > 8_000_000_000)
  }

  @Test func aRateOfZeroIsNoRate() {
    var budget = budget(rate: 0, grace: .seconds(10))
    for _ in 0..<1_000 { budget.waited(nanoseconds: 3_600_000_000_000) }
    budget.moved(bytes: 1)
    #expect(budget.remaining > 86_400_000_000_000)
  }

  @Test func whoWasFastMayStandStillNoLongerThanTheGrace() {
    var budget = budget(rate: 1_000, grace: .seconds(10))
    budget.moved(bytes: .max)
    #expect(budget.remaining == 10_000_000_000)
    budget.waited(nanoseconds: .max)
    #expect(budget.remaining == 0)
  }
}

struct DeadlineHeapTests {
  @Test func dueEntriesComeInTheOrderOfTheirDeadlines() {
    var generator = SeededGenerator(seed: 7)
    var heap = DeadlineHeap<UInt64>()
    let deadlines = (0..<1_000).map { _ in UInt64.random(in: 0..<500, using: &generator) }
    for deadline in deadlines { heap.insert(deadline, at: deadline) }
    var popped: [UInt64] = []
    while let entry = heap.popDue(249) { popped.append(entry.subject) }
    #expect(popped == deadlines.filter { $0 < 250 }.sorted())
    #expect(heap.earliest == deadlines.filter { $0 >= 250 }.min())
    #expect(heap.count == deadlines.count - popped.count)
  }
}
