import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct ClockOffsetsTests {
  private let nodes = (0..<50).map { SimulatedNotary(number: $0).node }

  @Test func theOffsetIsMeasuredHalfWayBetweenQuestionAndAnswer() {
    var offsets = ClockOffsets()
    #expect(offsets.median(now: 0) == nil)
    offsets.take(nodes[0], wall: 5_100, asked: 1000, answered: 1200, now: 0)
    #expect(offsets.median(now: 0) == 4000)
  }

  @Test func aFewWrongClocksDoNotMoveIt() {
    var offsets = ClockOffsets()
    for (place, offset) in [10, -5, 3_600_000, 7, 3_600_000, 12, 9].enumerated() {
      offsets.take(nodes[place], wall: Int64(offset), asked: 0, answered: 0, now: 0)
    }
    #expect(offsets.median(now: 0) == 10)
  }

  @Test func ofTwoTheNearerOneIsBelieved() {
    var offsets = ClockOffsets()
    offsets.take(nodes[0], wall: 3_600_000, asked: 0, answered: 0, now: 0)
    offsets.take(nodes[1], wall: -20, asked: 0, answered: 0, now: 0)
    #expect(offsets.median(now: 0) == -20)
  }

  @Test func oldSamplesAndMoreThanMayBeCountNoMore() {
    var offsets = ClockOffsets()
    offsets.take(nodes[0], wall: 50_000, asked: 0, answered: 0, now: 0)
    #expect(offsets.median(now: FleetLimits.clockSampleMilliseconds + 1) == nil)
    for node in nodes { offsets.take(node, wall: 7, asked: 0, answered: 0, now: 1) }
    #expect(offsets.median(now: 1) == 7)
  }
}
