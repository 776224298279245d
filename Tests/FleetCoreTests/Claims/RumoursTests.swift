import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct RumoursTests {
  private func chain(_ count: Int, by number: UInt64 = 1) -> Chain {
    var chain = Chain(SimulatedNotary(number: number))
    chain.say(1...count)
    return chain
  }

  @Test func newsAreToldAtOnceAndWhatFollowsTogether() throws {
    var rumours = Rumours()
    let chain = chain(3)
    rumours.add(try #require(chain.run(through: 1)), hops: 0)
    let seen1 = rumours.take(now: 100)
    #expect(seen1?.rumours.map(\.run) == [try #require(chain.run(through: 1))])
    rumours.add(try #require(chain.run(after: 1, through: 2)), hops: 0)
    rumours.add(try #require(chain.run(after: 2)), hops: 3)
    let seen2 = rumours.take(now: 101)
    #expect(seen2 == nil)
    #expect(rumours.due == 100 + FleetLimits.rumourPauseMilliseconds)
    let told = rumours.take(now: 100 + FleetLimits.rumourPauseMilliseconds)
    #expect(told?.rumours == [Gossip.Rumour(try #require(chain.run(after: 1)), hops: 3)])
    #expect(rumours.isEmpty)
  }

  @Test func anOldRumourIsNotToldOn() throws {
    var rumours = Rumours()
    rumours.add(try #require(chain(1).run()), hops: FleetLimits.rumourHops)
    #expect(rumours.isEmpty)
  }

  @Test func noMoreWaitThanMay() throws {
    var rumours = Rumours()
    for number in 0..<40 { rumours.add(try #require(chain(50, by: UInt64(number)).run()), hops: 0) }
    let told = rumours.take(now: 0)?.rumours.map { $0.run.claims.count }.reduce(0, +) ?? 0
    #expect(told <= FleetLimits.waitingRumours && told > FleetLimits.waitingRumours - 50)
  }
}
