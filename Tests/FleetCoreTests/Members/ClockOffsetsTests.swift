import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

extension ClockOffsets {
  fileprivate func median(at now: Moment) -> Int64? { reading(at: now)?.median }
}

@Suite struct ClockOffsetsTests {
  private let nodes = (0..<50).map { SimulatedNotary(number: $0).node }
  private let start = Moment(monotonic: 0, wall: 1_000_000)

  /// What each of some members says, at `start`.
  private func heard(_ offsets: Int64...) -> ClockOffsets {
    var clocks = ClockOffsets()
    for (node, offset) in zip(nodes, offsets) { clocks.take(node, wall: start.wall + offset, asked: 0, answered: 0) }
    return clocks
  }

  @Test func theOffsetIsMeasuredHalfWayBetweenQuestionAndAnswer() {
    var offsets = ClockOffsets()
    #expect(offsets.median(at: start) == nil)
    offsets.take(nodes[0], wall: 5_100, asked: 1000, answered: 1200)
    #expect(offsets.median(at: Moment(monotonic: 1200, wall: 1200)) == 4000)
  }

  @Test func aFewWrongClocksDoNotMoveIt() {
    #expect(heard(10, -5, 3_600_000, 7, 3_600_000, 12, 9).median(at: start) == 10)
  }

  @Test func ofTwoTheNearerOneIsBelieved() {
    #expect(heard(3_600_000, -20).median(at: start) == -20)
  }

  @Test func aClockThatIsSetIsOffByThatAtOnce() {
    #expect(heard(5).median(at: Moment(monotonic: 100, wall: start.wall + 100 + 3_600_000)) == 5 - 3_600_000)
  }

  @Test func oldSamplesAndMoreThanMayBeCountNoMore() {
    var offsets = heard(50_000)
    let late = FleetLimits.clockSampleMilliseconds + 1
    let later = Moment(monotonic: late, wall: start.wall + late)
    #expect(offsets.median(at: later) == 50_000, "nobody has said otherwise")
    for node in nodes.dropFirst() { offsets.take(node, wall: later.wall + 7, asked: late, answered: late) }
    #expect(offsets.median(at: later) == 7)
    let nextDay = late + FleetLimits.clockMemoryMilliseconds + 1
    #expect(offsets.median(at: Moment(monotonic: nextDay, wall: start.wall + nextDay)) == nil)
  }

  @Test func whoWasPutOutIsHeardNoMore() {
    var offsets = heard(9)
    offsets.forget(nodes[0])
    #expect(offsets.median(at: start) == nil)
  }

  /// How many say that an hour has passed, how many say nothing of it, in a fleet of so many others; and whether that is
  /// enough to be believed.
  @Test(arguments: [
    (1, 0, 1, false), (2, 0, 2, true), (1, 1, 2, false), (2, 0, 3, true), (2, 1, 3, true), (1, 2, 3, false),
    (2, 2, 4, false), (3, 0, 4, true), (3, 0, 7, false), (4, 3, 7, true), (3, 4, 7, false), (4, 0, 999, false),
    (5, 0, 999, true), (5, 5, 999, false), (6, 5, 999, true),
  ]) func theTimeIsBelievedOfEnoughWhoAgree(_ hour: Int, _ same: Int, _ others: Int, _ isBelieved: Bool) {
    var offsets = ClockOffsets()
    for (place, node) in nodes.prefix(hour + same).enumerated() {
      offsets.take(node, wall: start.wall + (place < hour ? 3_600_000 + Int64(place) : 0), asked: 0, answered: 0)
    }
    let reading = offsets.reading(at: start)
    let believed = reading.map { $0.isAgreed(among: others) && $0.isOff } ?? false
    #expect(believed == isBelieved)
  }

  @Test func whoSayEachSomethingElseAreNotBelieved() {
    #expect(heard(3_600_000, 7_200_000, 10_800_000).reading(at: start)?.isAgreed(among: 3) == false)
  }
}
