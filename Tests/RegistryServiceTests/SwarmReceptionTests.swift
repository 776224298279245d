import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Who may come into the swarms of what is here, and how members find each other there.
struct SwarmReceptionTests {
  private static let layer = seededBytes(2_000_000, seed: 31)
  private static let digest = Digest.hashing(layer)
  private static let guest = JoinedNodes.id(9)

  private func node(_ nodes: JoinedNodes, _ number: UInt8, among swarm: MemorySwarm) async throws -> SwarmNode {
    let node = try await SwarmNode(fleet: nodes.others(than: number), among: swarm) {
      $0.way = nodes.way
      $0.fetchLimits.firstPiecePatience = .seconds(600)
    }
    nodes.add(node, as: number)
    return node
  }

  @Test func whoAsksForARepositorysBlobMayConnectAndNobodyElse() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    let node = try await node(nodes, 1, among: swarm)
    let reception = try #require(node.registry.reception)
    try await node.bench.pushBlob(Self.layer)
    let torrent = try SwarmNode.torrent(Self.layer, .v2, as: Self.digest).infoHash.short
    #expect(await !reception.wake(torrent, for: Self.guest), "nobody asked")
    #expect(try await reception.admit(Self.guest, to: Self.digest, in: SwarmNode.open) == nil, "of another repository")
    #expect(try await reception.admit(Self.guest, to: .hashing([1]), in: Bench.repository) == nil)
    #expect(await !reception.wake(torrent, for: Self.guest))
    #expect(await SwarmNode.digests(in: node.fleet).isEmpty, "nothing was made live")

    let place = try #require(try await reception.admit(Self.guest, to: Self.digest, in: Bench.repository))
    #expect(place.isWhole && place.others.isEmpty && place.ticket == .hashing(Self.layer, as: Self.digest))
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1])
    #expect(await reception.wake(torrent, for: Self.guest))
    #expect(await !reception.wake(torrent, for: JoinedNodes.id(8)))
    let next = try #require(try await reception.admit(JoinedNodes.id(8), to: Self.digest, in: Bench.repository))
    #expect(next.others == [Self.guest])
    // It may not be had any more: who was let in is not let in again.
    try await node.registry.blobs.delete(Self.digest, from: Bench.repository)
    #expect(await !reception.wake(torrent, for: Self.guest))
    await node.close()
  }

  @Test func whatAnOperatorStoppedIsInNoSwarm() async throws {
    let node = try await node(JoinedNodes(), 1, among: MemorySwarm())
    try await node.bench.pushBlob(Self.layer)
    try await node.desk.stop(Self.digest)
    #expect(try await node.registry.reception?.admit(Self.guest, to: Self.digest, in: Bench.repository) == nil)
    await node.close()
  }

  @Test func aNodeThatReachesNobodyIsInNoSwarm() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.layer)
    #expect(try await node.registry.reception?.admit(Self.guest, to: Self.digest, in: Bench.repository) == nil)
    await node.close()
  }

  @Test func aLayerThatIsNamedAndFarComesThroughTheSwarmOfWhoeverHasIt() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    let origin = try await node(nodes, 1, among: swarm)
    let far = try await node(nodes, 9, among: swarm)
    try await far.hear(of: Self.layer, pushedTo: origin)
    let reader = try await far.registry.blobs.open(Self.digest, in: Bench.repository)
    #expect(try await SwarmNode.read(reader) == Self.layer)
    #expect(nodes.sentBytes(by: 1) == 0)
    for node in [far, origin] { await node.close() }
  }

  /// It knows of no swarms: it is asked who holds the blob, and sends it over the channel.
  @Test func aHolderOfAnEarlierReleaseIsLeftToTheChannel() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    let origin = try await SwarmNode(among: swarm)
    nodes.add(origin, as: 1)
    let far = try await node(nodes, 9, among: swarm)
    try await far.hear(of: Self.layer, pushedTo: origin)
    swarm.describe(try SwarmNode.torrent(Self.layer, .v2, as: Self.digest), as: Self.layer)
    let reader = try await far.registry.blobs.open(Self.digest, in: Bench.repository)
    try await eventually("both at work") { await far.fetchDesk.begunSources(of: Self.digest) == 2 }
    await far.fetchDesk.tick(at: .now + .seconds(2))
    #expect(try await SwarmNode.read(reader) == Self.layer)
    #expect(nodes.sentBytes(by: 1) == Self.layer.count)
    for node in [far, origin] { await node.close() }
  }

  /// The origin has gone when the last one comes: what another is still getting is enough to begin with.
  @Test func aMemberThatIsStillGettingABlobHandsOnItsTicketAndItsPieces() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    let origin = try await node(nodes, 1, among: swarm)
    let (part, last) = (try await node(nodes, 2, among: swarm), try await node(nodes, 3, among: swarm))
    for far in [part, last] { try await far.hear(of: Self.layer, pushedTo: origin) }
    await swarm.allow(pieces: 7)
    _ = try await part.registry.blobs.open(Self.digest, in: Bench.repository)
    try await eventually("seven pieces") { await part.fetchDesk.progress().first?.verifiedBytes == 7 * 65_536 }
    try await eventually("both at work") { await part.fetchDesk.begunSources(of: Self.digest) == 2 }
    let reception = try #require(part.registry.reception)
    let place = try #require(try await reception.admit(JoinedNodes.id(3), to: Self.digest, in: Bench.repository))
    #expect(!place.isWhole && place.ticket == .hashing(Self.layer, as: Self.digest))
    #expect(try await reception.admit(JoinedNodes.id(3), to: Self.digest, in: SwarmNode.open) == nil)

    nodes.set(1) { $0.isAway = true }
    let reader = try await last.registry.blobs.open(Self.digest, in: Bench.repository)
    await swarm.allow(pieces: nil)
    #expect(try await SwarmNode.read(reader) == Self.layer)
    #expect(
      await origin.fleet.live().reduce(0) { $0 + $1.uploadedBytes } == Int64(Self.layer.count), "one copy left it")
    #expect(nodes.sentBytes(by: 1) == 0)
    for node in [last, part, origin] { await node.close() }
  }
}
