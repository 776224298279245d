import RegistryCore
import SwarmCore
import Testing

@Suite struct TunnelGateTests {
  private var gate = TunnelGate()
  private let torrent: [UInt8] = [7]

  private func pair(_ port: UInt16) -> TunnelGate.Pair {
    .init(near: PeerEndpoint(address: "127.77.3.4", port: 4000), far: PeerEndpoint(address: "127.0.0.1", port: port))
  }

  @Test mutating func whoWasRegisteredIsLetInWhicheverCameFirst() {
    #expect(gate.take(.registered(pair(1), torrent: torrent), at: 0).isEmpty)
    #expect(gate.take(.accepted(pair(1), 11), at: 1) == [.letIn(11, torrent: torrent)])
    #expect(gate.take(.accepted(pair(2), 12), at: 2).isEmpty)
    #expect(gate.take(.registered(pair(2), torrent: torrent), at: 3) == [.letIn(12, torrent: torrent)])
    #expect(gate.nextTick == nil)
    #expect(gate.strangers == 0)
  }

  @Test mutating func aStrangerWaitsAMomentAndIsTurnedAway() {
    #expect(gate.take(.accepted(pair(1), 11), at: 0).isEmpty)
    #expect(gate.nextTick == 250_000)
    #expect(gate.take(.tick, at: 249_999).isEmpty)
    #expect(gate.take(.tick, at: 250_000) == [.turnAway(11)])
    #expect(gate.strangers == 1)
    // A registration that comes after that is for the next of that pair.
    #expect(gate.take(.registered(pair(1), torrent: torrent), at: 250_001).isEmpty)
  }

  @Test mutating func aRegistrationLetsInOne() {
    _ = gate.take(.registered(pair(1), torrent: torrent), at: 0)
    #expect(gate.take(.accepted(pair(1), 11), at: 1) == [.letIn(11, torrent: torrent)])
    #expect(gate.take(.accepted(pair(1), 12), at: 2).isEmpty)
    #expect(gate.take(.tick, at: 250_002) == [.turnAway(12)])
  }

  @Test mutating func anotherPortIsAnother() {
    _ = gate.take(.registered(pair(1), torrent: torrent), at: 0)
    #expect(gate.take(.accepted(pair(2), 11), at: 1).isEmpty)
    let elsewhere = TunnelGate.Pair(near: PeerEndpoint(address: "127.77.3.5", port: 4000), far: pair(1).far)
    #expect(gate.take(.accepted(elsewhere, 12), at: 1).isEmpty)
    #expect(gate.take(.tick, at: 250_001) == [.turnAway(11), .turnAway(12)])
  }

  @Test mutating func aRegistrationThatIsOldLetsInNobody() {
    _ = gate.take(.registered(pair(1), torrent: torrent), at: 0)
    #expect(gate.take(.accepted(pair(1), 11), at: 2_000_000).isEmpty)
    #expect(gate.take(.tick, at: 2_250_000) == [.turnAway(11)])
    #expect(gate.nextTick == nil)
  }

  @Test mutating func whoLeavesWhileItWaitsIsForgotten() {
    _ = gate.take(.accepted(pair(1), 11), at: 0)
    _ = gate.take(.gone(11), at: 1)
    #expect(gate.take(.registered(pair(1), torrent: torrent), at: 2).isEmpty)
    #expect(gate.take(.tick, at: 250_000).isEmpty)
  }

  @Test mutating func thoseWhoWaitAreBounded() {
    for number in 0..<256 { #expect(gate.take(.accepted(pair(UInt16(number)), UInt64(number)), at: 0).isEmpty) }
    #expect(gate.take(.accepted(pair(256), 256), at: 1) == [.turnAway(256)])
    // The same pair once more: the one before it is gone.
    #expect(gate.take(.accepted(pair(0), 300), at: 2) == [.turnAway(0)])
  }

  @Test mutating func registrationsAreBoundedAndTheOldestGoes() {
    for number in 0...1024 {
      _ = gate.take(.registered(pair(UInt16(number)), torrent: torrent), at: SwarmInstant(number))
    }
    #expect(gate.take(.accepted(pair(0), 1), at: 1025).isEmpty)
    #expect(gate.take(.accepted(pair(1), 2), at: 1025) == [.letIn(2, torrent: torrent)])
  }
}
