import FleetCore
import RegistryCore
import Testing

@Suite struct JoinGateTests {
  /// Of somebody who was invited, unless it says otherwise.
  private func knock(
    at gate: inout JoinGate, from address: String, _ now: Int64 = 0, isInvited: Bool = true
  ) -> JoinGate.Verdict {
    gate.knock(from: endpoint(address), at: now) { isInvited }
  }

  private func endpoint(_ address: String) -> PeerEndpoint { PeerEndpoint(address: address, port: 1) }

  @Test func oneAddressMayKnockAFewTimesAndThenNowAndThen() {
    var gate = JoinGate()
    for _ in 0..<5 { #expect(knock(at: &gate, from: "192.0.2.1") == .open) }
    #expect(knock(at: &gate, from: "192.0.2.1") == .shut(milliseconds: 6000))
    #expect(knock(at: &gate, from: "192.0.2.1", 5999) == .shut(milliseconds: 1))
    #expect(knock(at: &gate, from: "192.0.2.2", 5999) == .open)
    #expect(knock(at: &gate, from: "192.0.2.1", 6000) == .open)
    #expect(knock(at: &gate, from: "192.0.2.1", 6000) == .shut(milliseconds: 6000))
    for _ in 0..<5 { #expect(knock(at: &gate, from: "192.0.2.1", 1_000_000) == .open) }
    #expect(knock(at: &gate, from: "192.0.2.1", 1_000_000) != .open)
  }

  @Test func whoComesWhileAnotherIsLookedAtLosesNoTurn() {
    var gate = JoinGate()
    for _ in 0..<500 {
      #expect(knock(at: &gate, from: "192.0.2.1") == .open)
      gate.giveBack(to: endpoint("192.0.2.1"))
    }
    for _ in 0..<5 { #expect(knock(at: &gate, from: "192.0.2.1") == .open) }
    #expect(knock(at: &gate, from: "192.0.2.1") == .shut(milliseconds: 6000))
  }

  /// As many as there may be, and each a few times.
  @Test func strangersTakeNoTurnFromWhoWasInvited() {
    var gate = JoinGate()
    var verdicts: [JoinGate.Verdict] = []
    for number in 0..<2000 {
      for _ in 0..<6 {
        verdicts.append(knock(at: &gate, from: "10.\(number / 250).\(number % 250).1", isInvited: false))
      }
    }
    let (open, unheard) = (verdicts.count { $0 == .open }, verdicts.count { $0 == .unheard })
    #expect(open == 50 && unheard == 5 * 2000 - 50)
    #expect(verdicts.count { $0 == .shut(milliseconds: 6000) } == 2000, "an address has its own bucket all the same")
    for number in 0..<50 { #expect(knock(at: &gate, from: "192.0.2.\(number)") == .open) }
    #expect(knock(at: &gate, from: "192.0.2.99") == .shut(milliseconds: 100))
    #expect(knock(at: &gate, from: "10.99.0.1", 100, isInvited: false) == .open)
  }

  @Test func whoseTurnItIsNotIsNotLookedAt() {
    var gate = JoinGate()
    for _ in 0..<5 { _ = knock(at: &gate, from: "192.0.2.1") }
    var looks = 0
    let verdict = gate.knock(from: endpoint("192.0.2.1"), at: 0) {
      looks += 1
      return true
    }
    #expect(verdict == .shut(milliseconds: 6000) && looks == 0)
  }

  @Test func allTogetherMayKnockOnlySoOften() {
    var gate = JoinGate()
    var open = 0
    for number in 0..<200 where knock(at: &gate, from: "10.0.\(number).1") == .open { open += 1 }
    #expect(open == 50)
    #expect(knock(at: &gate, from: "10.1.0.1") == .shut(milliseconds: 100))
    #expect(knock(at: &gate, from: "10.1.0.1", 100) == .open)
    #expect(gate.count == 51, "who is turned away is remembered")
  }

  @Test func aNetworkOfIPv6IsOne() {
    var gate = JoinGate()
    for number in 1...5 { #expect(knock(at: &gate, from: "2001:db8::\(number)") == .open) }
    #expect(knock(at: &gate, from: "2001:db8::ffff") != .open)
    #expect(knock(at: &gate, from: "2001:db8:0:1::1") == .open)
    #expect(knock(at: &gate, from: "::ffff:192.0.2.1") == .open)
  }

  @Test func onlySoManyAddressesAreRemembered() {
    var limits = JoinGate.Limits()
    (limits.addresses, limits.burst) = (10, 1000)
    var gate = JoinGate(limits: limits)
    for _ in 0..<5 { #expect(knock(at: &gate, from: "192.0.2.1") == .open) }
    for number in 0..<100 { #expect(knock(at: &gate, from: "10.0.0.\(number)") == .open) }
    #expect(gate.count == 10)
    #expect(knock(at: &gate, from: "192.0.2.1") != .open, "a flood made it forget who asked most")
    #expect(knock(at: &gate, from: "192.0.2.9", 1_000_000) == .open)
    #expect(gate.count == 1, "full buckets are kept")
  }
}
