import BlockingWork
import Testing

struct DurationTests {
  @Test func durationsAreClampedToWhatNanosecondsHold() {
    #expect(Duration.seconds(-1).clampedNanoseconds == 0)
    #expect(Duration.milliseconds(1_500).clampedNanoseconds == 1_500_000_000)
    #expect(Duration.seconds(Int64.max).clampedNanoseconds > 9_000_000_000_000_000_000)
  }
}
