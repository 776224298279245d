import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

struct SiteElectionTests {
  private static func node(_ number: Int) -> NodeID { NodeID(Digest.hashing([UInt8(number)]).hash)! }

  private static let members: [NodeID: Zone] = Dictionary(
    uniqueKeysWithValues: (0..<12).map { number in
      (node(number), Zone(parsing: number < 6 ? "site-a/rack-\(number % 3)" : "site-b")!)
    })

  private func election(_ number: Int, at zone: String?, isAway: (NodeID) -> Bool = { _ in false }) -> SiteElection {
    SiteElection(
      for: .hashing([UInt8(number)]), at: zone.flatMap { Zone(parsing: $0) }, among: Self.members, isAway: isAway)
  }

  @Test func allOfASiteElectTheSameOneOfIt() {
    for number in 0..<50 {
      let one = election(number, at: "site-a/rack-0")
      #expect(one == election(number, at: "site-a/rack-2"))
      #expect(Set(one.order) == Set((0..<6).map(Self.node)))
      #expect(Set(election(number, at: "site-b").order) == Set((6..<12).map(Self.node)))
    }
  }

  @Test func theWorkIsSpreadOverTheSite() {
    let elected = Set((0..<100).compactMap { election($0, at: "site-a").order.first })
    #expect(elected.count == 6)
  }

  @Test func whoIsNotElectedWaitsLongerTheLowerItRanks() {
    let election = election(1, at: "site-a")
    #expect(election.part(of: election.order[0]) == .fetches)
    for place in 1..<6 {
      let due = SiteElection.Part.waits(for: election.order[0], milliseconds: Int64(place) * 2_000)
      #expect(election.part(of: election.order[place]) == due)
    }
  }

  @Test func whoIsAwayIsNotWaitedForAndMovesNobodyElse() {
    let all = election(1, at: "site-a").order
    let rest = election(1, at: "site-a") { $0 == all[0] }
    #expect(rest.order == Array(all.dropFirst()))
    #expect(rest.part(of: all[1]) == .fetches)
  }

  @Test func whoIsAtNoSiteFetchesForItself() {
    #expect(election(1, at: nil).order.isEmpty)
    #expect(election(1, at: nil).part(of: Self.node(1)) == .fetches)
    #expect(election(1, at: "site-a").part(of: Self.node(9)) == .fetches)
    #expect(election(1, at: "site-c").part(of: Self.node(1)) == .fetches)
  }
}
