import FleetCore
import RegistryCore
import Testing

@Suite struct JoinGateTests {
  private func endpoint(_ address: String) -> PeerEndpoint { PeerEndpoint(address: address, port: 1) }

  @Test func oneAddressMayKnockAFewTimesAndThenNowAndThen() {
    var gate = JoinGate()
    for _ in 0..<5 { #expect(gate.knock(from: endpoint("192.0.2.1"), at: 0) == .open) }
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 0) == .shut(milliseconds: 6000))
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 5999) == .shut(milliseconds: 1))
    #expect(gate.knock(from: endpoint("192.0.2.2"), at: 5999) == .open)
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 6000) == .open)
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 6000) == .shut(milliseconds: 6000))
    for _ in 0..<5 { #expect(gate.knock(from: endpoint("192.0.2.1"), at: 1_000_000) == .open) }
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 1_000_000) != .open)
  }

  @Test func allTogetherMayKnockOnlySoOften() {
    var gate = JoinGate()
    var open = 0
    for number in 0..<200 where gate.knock(from: endpoint("10.0.\(number).1"), at: 0) == .open { open += 1 }
    #expect(open == 50)
    #expect(gate.knock(from: endpoint("10.1.0.1"), at: 0) == .shut(milliseconds: 100))
    #expect(gate.knock(from: endpoint("10.1.0.1"), at: 100) == .open)
    #expect(gate.count == 51, "who is turned away is remembered")
  }

  @Test func aNetworkOfIPv6IsOne() {
    var gate = JoinGate()
    for number in 1...5 { #expect(gate.knock(from: endpoint("2001:db8::\(number)"), at: 0) == .open) }
    #expect(gate.knock(from: endpoint("2001:db8::ffff"), at: 0) != .open)
    #expect(gate.knock(from: endpoint("2001:db8:0:1::1"), at: 0) == .open)
    #expect(gate.knock(from: endpoint("::ffff:192.0.2.1"), at: 0) == .open)
  }

  @Test func onlySoManyAddressesAreRemembered() {
    var limits = JoinGate.Limits()
    (limits.addresses, limits.burst) = (10, 1000)
    var gate = JoinGate(limits: limits)
    for _ in 0..<5 { #expect(gate.knock(from: endpoint("192.0.2.1"), at: 0) == .open) }
    for number in 0..<100 { #expect(gate.knock(from: endpoint("10.0.0.\(number)"), at: 0) == .open) }
    #expect(gate.count == 10)
    #expect(gate.knock(from: endpoint("192.0.2.1"), at: 0) != .open, "a flood made it forget who asked most")
    #expect(gate.knock(from: endpoint("192.0.2.9"), at: 1_000_000) == .open)
    #expect(gate.count == 1, "full buckets are kept")
  }
}
