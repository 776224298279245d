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

  @Test func whoIsNotElectedAsksThoseThatRankHigherAndNotManyOfThem() {
    let election = election(1, at: "site-a")
    #expect(election.fetchers(before: election.order[0]).isEmpty)
    #expect(election.fetchers(before: election.order[1]) == [election.order[0]])
    for place in 2..<6 { #expect(election.fetchers(before: election.order[place]) == Array(election.order.prefix(2))) }
  }

  /// However differently they see each other: who is asked never asks back, however long the chain.
  @Test func noTwoWaitForEachOther() {
    for number in 0..<50 {
      let rank = election(number, at: "site-a").order
      for away in rank {
        let seen = election(number, at: "site-a") { $0 == away }
        for (place, member) in rank.enumerated() where member != away {
          #expect(seen.fetchers(before: member).allSatisfy { rank.firstIndex(of: $0)! < place })
        }
      }
    }
  }

  @Test func whoIsAwayIsNotAskedAndMovesNobodyElse() {
    let all = election(1, at: "site-a").order
    let rest = election(1, at: "site-a") { $0 == all[0] }
    #expect(rest.order == Array(all.dropFirst()))
    #expect(rest.fetchers(before: all[1]).isEmpty)
  }

  @Test func whoIsAtNoSiteFetchesForItself() {
    #expect(election(1, at: nil).order.isEmpty)
    #expect(election(1, at: nil).fetchers(before: Self.node(1)).isEmpty)
    #expect(election(1, at: "site-a").fetchers(before: Self.node(9)).isEmpty)
    #expect(election(1, at: "site-c").fetchers(before: Self.node(1)).isEmpty)
  }
}
