import FleetCore
import RegistryCore
import Testing

@testable import FleetHTTP

@Suite struct MemberPaceTests {
  private func node(_ number: Int) -> NodeID {
    NodeID((0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * min($0, 3))) })!
  }

  @Test func aMemberHasSoManyTurnsAndThenOneInEachWhile() {
    let pace = MemberPace(burst: 3, milliseconds: 2500)
    for _ in 0..<3 { #expect(pace.secondsUntilTurn(of: node(1), at: 10) == nil) }
    #expect(pace.secondsUntilTurn(of: node(1), at: 10) == 3, "whole seconds, none too few")
    #expect(pace.secondsUntilTurn(of: node(1), at: 2509) == 1)
    #expect(pace.secondsUntilTurn(of: node(1), at: 2510) == nil)
    #expect(pace.secondsUntilTurn(of: node(1), at: 2510) == 3)
    #expect(pace.secondsUntilTurn(of: node(2), at: 2510) == nil, "another member's turn")
  }

  @Test func whoMayAskFreelyIsForgottenAndNobodyElse() {
    let pace = MemberPace(burst: 1, milliseconds: 1000)
    for number in 1...MemberPace.memberLimit { _ = pace.secondsUntilTurn(of: node(number), at: 0) }
    _ = pace.secondsUntilTurn(of: node(1), at: 1000)
    #expect(pace.secondsUntilTurn(of: node(MemberPace.memberLimit + 1), at: 1500) == nil)
    #expect(pace.secondsUntilTurn(of: node(1), at: 1500) == 1)
    #expect(pace.secondsUntilTurn(of: node(2), at: 1500) == nil)
  }
}
