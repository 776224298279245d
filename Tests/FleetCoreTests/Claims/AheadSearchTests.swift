import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct AheadSearchTests {
  /// A log whose claims are one millisecond apart; every third is not there any more.
  private func log(of count: Int) -> [SignedClaim] {
    var chain = Chain(SimulatedNotary(number: 5), in: .none, epoch: 1)
    for number in 1...count { chain.say("\(number)", at: SimulatedClock.start + Int64(number)) }
    return chain.claims.filter { $0.body.sequence % 3 != 0 || $0.body.sequence == Int64(count) }
  }

  @Test(arguments: [1, 2, 3, 4, 10, 65]) func theFirstThatIsDatedAheadIsFoundWhereverItLies(_ count: Int) throws {
    let log = log(of: count)
    for due in 0..<count {
      let horizon = SimulatedClock.start + Int64(due)
      var (search, looks) = (AheadSearch(try #require(log.last), horizon: horizon), 0)
      while case .look(let after) = search.step, looks < 100 {
        search.read(try #require(log.first { $0.body.sequence > after }))
        looks += 1
      }
      guard case .found(let claim) = search.step else { return #expect(Bool(false), "no end at \(due) of \(count)") }
      #expect(claim == log.first { $0.body.clock.milliseconds > horizon }, "\(due) of \(count)")
      #expect(looks <= 8)
    }
  }
}
