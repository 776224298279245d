import Testing

@testable import RegistryService

struct BackgroundPaceTests {
  /// Work that takes no time at all is what the rate alone bounds.
  @Test(arguments: [1 << 10, 1 << 20, 7 << 20]) func bytesASecondAreBounded(_ pieceBytes: Int64) {
    var pace = BackgroundPace(bytesPerSecond: 64 << 20)
    var rested = Duration.zero
    let total: Int64 = 640 << 20
    for _ in 0..<(total / pieceBytes) { rested += pace.rest(after: pieceBytes, worked: .zero) }
    // Ten seconds' worth; the last rest may still be owed.
    #expect(abs(rested / .seconds(1) - 10) < 0.2, "\(rested)")
  }

  @Test func timeAtWorkCountsTowardsTheRate() {
    var pace = BackgroundPace(bytesPerSecond: 1 << 20)
    #expect(pace.rest(after: 1 << 20, worked: .milliseconds(300)) == .milliseconds(700))
  }

  /// A busy disk: what takes longer than the rate asks for is rested for as long again.
  @Test func itIsNeverLongerAtWorkThanAtRest() {
    var pace = BackgroundPace(bytesPerSecond: 64 << 20)
    #expect(pace.rest(after: 1 << 20, worked: .seconds(2)) == .seconds(2))
    #expect(pace.rest(after: 1 << 20, worked: .seconds(600)) == BackgroundPace.mostRest)
    #expect(pace.rest(after: 0, worked: .milliseconds(60)) == .milliseconds(60), "the long rest is not owed any more")
  }

  @Test func shortRestsAreSavedUp() {
    var pace = BackgroundPace(bytesPerSecond: 1_000)
    let rests = (0..<10).map { _ in pace.rest(after: 20, worked: .zero) }
    #expect(rests.filter { $0 > .zero }.allSatisfy { $0 >= BackgroundPace.leastRest })
    #expect(rests.filter { $0 == .zero }.count == 7)
    #expect(rests.reduce(.zero, +) == .milliseconds(180), "the tenth is still owed")
  }

  @Test func noRateIsNoRest() {
    var pace = BackgroundPace(bytesPerSecond: 0)
    #expect(pace.rest(after: 1 << 40, worked: .seconds(60)) == .zero)
  }
}
