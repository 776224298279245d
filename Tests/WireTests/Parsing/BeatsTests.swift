import Testing

@testable import Wire

@Suite struct BeatsTests {
  private static let second: UInt64 = 1_000_000_000

  private final class Member: Beating {
    func beat() -> Bool { true }
  }

  @Test func manyAtOnceAreWokenPromptlyAndThenNobody() {
    var beats = Beats()
    let now = Self.second
    var prompt: UInt64 = 0
    while beats.spend(at: now) { prompt += 1 }
    #expect(prompt == Beats.promptAtOnce)
  }

  @Test func asManyArePromptInASecondAsThereMayBe() {
    var beats = Beats()
    while beats.spend(at: 0) {}
    var prompt: UInt64 = 0
    for microsecond in 1...1_000_000 as ClosedRange<UInt64> where beats.spend(at: microsecond * 1_000) { prompt += 1 }
    #expect(prompt == Beats.promptPerSecond)
  }

  @Test func aLongSilenceEarnsNoMoreThanABurst() {
    var beats = Beats()
    while beats.spend(at: 0) {}
    var prompt: UInt64 = 0
    while beats.spend(at: 3_600 * Self.second) { prompt += 1 }
    #expect(prompt == Beats.promptAtOnce)
  }

  @Test func allHaveTheirBeatTogetherOnce() {
    var beats = Beats()
    #expect(beats.next == .max)
    let members = [Member(), Member()]
    beats.join(members[0], at: 1_000)
    let due = beats.next
    #expect(due == 1_000 + Beats.interval)
    beats.join(members[1], at: due - 1)
    #expect(beats.next == due)
    let early = beats.takeDue(due - 1)
    #expect(early.isEmpty)
    let taken = beats.takeDue(due)
    #expect(taken.count == 2 && taken[0] === members[0] && taken[1] === members[1])
    #expect(beats.next == .max)
    let again = beats.takeDue(.max)
    #expect(again.isEmpty)
  }
}
