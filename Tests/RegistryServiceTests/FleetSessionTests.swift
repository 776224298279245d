import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// The session of the fleet comes when a node sits down in one and goes when it gets up.
struct FleetSessionTests {
  private static let layer = [UInt8](repeating: 7, count: 100_000)
  private static let digest = Digest.hashing(layer)

  @Test func whatIsLiveInTheFleetIsForgottenWithItsSessionAndGoesLiveInTheNext() async throws {
    let node = try await SwarmNode(patterns: [])
    try await node.bench.pushBlob(Self.layer)
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1] && node.desk.counts.fleetTorrents == 1)

    await node.desk.closeFleet()
    await node.desk.closeFleet()
    #expect(node.fleet.endpoint == nil && node.desk.counts.fleetTorrents == 0)
    await #expect(throws: RegistryError.self) { try await node.desk.want(Self.digest) }

    let next = node.swarm.makeEngine()
    try await node.desk.openFleet(FleetSession(next, way: nil))
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: next) == [Self.digest: 1])
    await node.close()
    #expect(next.endpoint == nil)
  }

  @Test func aNodeIsInOneFleetAtATimeAndInNoneWhenItHasStopped() async throws {
    let node = try await SwarmNode()
    let second = node.swarm.makeEngine()
    await #expect(throws: RegistryError.self) { try await node.desk.openFleet(FleetSession(second, way: nil)) }
    #expect(second.endpoint != nil, "it stays the caller's")
    await node.close()
    await #expect(throws: RegistryError.self) { try await node.desk.openFleet(FleetSession(second, way: nil)) }
  }

  /// It was live to strangers already, of whom the fleet's members are none.
  @Test func whatStrangersHaveGoesLiveInAFleetThatIsJoinedLater() async throws {
    let node = try await SwarmNode()
    await node.desk.closeFleet()
    try await node.bench.pushBlob(Self.layer, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    #expect(await !SwarmNode.digests(in: node.publicEngine).isEmpty)
    let fleet = node.swarm.makeEngine()
    try await node.desk.openFleet(FleetSession(fleet, way: nil))
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: fleet) == [Self.digest: 1])
    await node.close()
  }
}
