import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Who sent wrong bytes is remembered beyond the blob, and nobody else is.
struct BannedMembersTests {
  private static let (liar, honest) = (JoinedNodes.id(1), JoinedNodes.id(2))

  /// 1 and 2 hold blobs, 9 fetches over the channel.
  private struct Trio {
    let nodes = JoinedNodes()
    let holders: [SwarmNode]
    let far: SwarmNode

    init() async throws {
      holders = [try await SwarmNode(), try await SwarmNode()]
      far = try await SwarmNode(fleet: nodes.others(than: 9))
      for (place, node) in holders.enumerated() { nodes.add(node, as: UInt8(place + 1)) }
      nodes.add(far, as: 9)
    }

    var bans: BannedMembers { far.registry.bans }

    /// - Parameters:
    ///   - number: who has it, of 1 and 2; else both do.
    ///   - late: who of them is there only when the other one has been found.
    func pull(_ seed: UInt64, from number: Int? = nil, late: UInt8? = nil) async throws {
      let layer = seededBytes(400_000, seed: seed)
      for (place, node) in holders.enumerated() where number == nil || number == place + 1 {
        try await far.hear(of: layer, pushedTo: node)
      }
      if let late {
        nodes.closeGate()
        nodes.set(late) { $0.isAway = true }
      }
      let reader = try await far.registry.blobs.open(.hashing(layer), in: Bench.repository)
      if let late { nodes.set(late) { $0.isAway = false } }
      nodes.openGate()
      #expect(try await SwarmNode.read(reader) == layer)
      _ = try await far.fetchDesk.completion(of: .hashing(layer), in: Bench.repository)
    }

    func close() async {
      for node in holders + [far] { await node.close() }
    }
  }

  @Test func whoLiesOverTheChannelIsRememberedAndAskedNoMoreWhileOthersHaveIt() async throws {
    let trio = try await Trio()
    trio.nodes.set(1) { $0.liesInPiece = 2 }
    // Of two that are there either may be asked first.
    try await trio.pull(61, late: 2)
    let ban = try #require(trio.bans.all().first)
    #expect(ban.member == Self.liar && ban.way == .channel && ban.digest == .hashing(seededBytes(400_000, seed: 61)))
    #expect(trio.bans.all().count == 1, "the other is honest")
    // It would send right ones.
    trio.nodes.set(1) { $0.liesInPiece = nil }
    let sent = trio.nodes.sentBytes(by: 1)
    for seed in 62..<65 { try await trio.pull(UInt64(seed)) }
    #expect(trio.nodes.sentBytes(by: 1) == sent)
    // What nobody else has is better taken from it, and looked at, than not at all.
    try await trio.pull(65, from: 1)
    #expect(trio.nodes.sentBytes(by: 1) == sent + 400_000)
    await trio.close()
  }

  /// It breaks off, or is away: that is no lie.
  @Test func whoFailsIsNotBanned() async throws {
    let trio = try await Trio()
    trio.nodes.set(1) { $0.breaksOffAfter = 100_000 }
    try await trio.pull(66)
    #expect(trio.bans.all().isEmpty)
    await trio.close()
  }

  /// What one vouches for falsely is not held against who has the blob as it is: that one vouches for another ticket.
  @Test func aFalseTicketMakesNobodyElseALiar() async throws {
    let trio = try await Trio()
    let layer = seededBytes(400_000, seed: 67)
    let other = SwarmTicket.hashing(seededBytes(400_000, seed: 68), as: .hashing(layer))
    trio.nodes.set(1) { $0.falseTicket = other }
    for node in trio.holders { try await trio.far.hear(of: layer, pushedTo: node) }
    // The first attempt may be by the false ticket, and fail.
    try await eventually("it is here") {
      guard let reader = try? await trio.far.registry.blobs.open(.hashing(layer), in: Bench.repository) else {
        return false
      }
      return (try? await SwarmNode.read(reader)) == layer
    }
    #expect(trio.bans.all().allSatisfy { $0.member == Self.liar })
    await trio.close()
  }

  @Test func whoIsBannedIsLetIntoNoSwarmUntilItIsForgotten() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    let node = try await SwarmNode(fleet: nodes.others(than: 1), among: swarm) { $0.way = nodes.way }
    let layer = seededBytes(2_000_000, seed: 69)
    try await node.bench.pushBlob(layer)
    let (bans, reception) = (node.registry.bans, try #require(node.registry.reception))
    let torrent = try SwarmNode.torrent(layer, .v2, as: .hashing(layer)).infoHash
    let told = Lock<[NodeID]>([])
    bans.follow { member in told.withLock { $0.append(member) } }
    func admits() async throws -> Bool {
      try await reception.admit(Self.liar, to: .hashing(layer), in: Bench.repository) != nil
    }
    #expect(try await admits())
    for _ in 0..<2 { node.registry.noteLiar(Self.liar, in: torrent) }
    #expect(told.withLock { $0 } == [Self.liar], "whoever cuts it is told once")
    #expect(bans.all().first?.digest == .hashing(layer) && bans.all().first?.count == 2)
    // Who is banned from the same torrent right after it may have sent the true part of a piece of the liar's.
    node.registry.noteLiar(Self.honest, in: torrent)
    #expect(bans.all().map(\.member) == [Self.liar])
    #expect(try await !admits())
    #expect(await !reception.wake(torrent.short, for: Self.liar), "it was let in before")
    #expect(try await reception.admit(Self.honest, to: .hashing(layer), in: Bench.repository) != nil)
    bans.forgetAll()
    #expect(try await admits())
    await node.close()
  }

  /// A swarm has banned it: what it seeds comes from others, and it is not asked to fetch for its site.
  @Test func whoIsBannedIsNotAskedToFetchForItsSite() async throws {
    let (nodes, swarm) = (JoinedNodes(), MemorySwarm())
    var members: [UInt8: SwarmNode] = [:]
    for number: UInt8 in [1, 4, 6] {
      let node = try await SwarmNode(fleet: nodes.others(than: number), among: swarm) { $0.way = nodes.way }
      nodes.add(node, as: number)
      nodes.stand(number, at: number == 1 ? "a" : "b")
      members[number] = node
    }
    let (origin, far) = (try #require(members[1]), try #require(members[6]))
    let layer = seededBytes(2_000_000, seed: 70)
    try await far.hear(of: layer, pushedTo: origin)
    far.registry.bans.note(JoinedNodes.id(4), .swarm, nil)
    let reader = try await far.registry.blobs.open(.hashing(layer), in: Bench.repository)
    #expect(try await SwarmNode.read(reader) == layer)
    #expect(nodes.asked.isEmpty)
    for node in members.values { await node.close() }
  }
}
