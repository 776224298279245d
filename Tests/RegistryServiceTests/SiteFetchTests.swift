import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Two sites: member 1 is at one and has what was pushed; 4, 5 and 6 are at the other, and 4 is to fetch for it.
struct SiteFetchTests {
  private static let large = seededBytes(2_000_000, seed: 41)
  private static let small = seededBytes(300_000, seed: 42)

  private struct Sites {
    let nodes = JoinedNodes()
    let swarm = MemorySwarm()
    let origin: SwarmNode
    let layer: [UInt8]
    let digest: Digest
    private(set) var far: [UInt8: SwarmNode] = [:]

    init(_ layer: [UInt8], _ numbers: UInt8..., sites: (UInt8) -> String? = { $0 < 4 ? "a" : "b" }) async throws {
      (self.layer, digest) = (layer, .hashing(layer))
      origin = try await Self.node(1, nodes, swarm)
      for number in numbers {
        far[number] = try await Self.node(number, nodes, swarm)
        try await far[number]?.hear(of: layer, pushedTo: origin)
      }
      for number in [1] + numbers { if let site = sites(number) { nodes.stand(number, at: site) } }
    }

    private static func node(_ number: UInt8, _ nodes: JoinedNodes, _ swarm: MemorySwarm) async throws -> SwarmNode {
      let node = try await SwarmNode(fleet: nodes.others(than: number), among: swarm) {
        $0.way = nodes.way
        ($0.fetchLimits.firstPiecePatience, $0.fetchLimits.stalledPatience) = (.seconds(600), .seconds(600))
      }
      nodes.add(node, as: number)
      return node
    }

    subscript(number: UInt8) -> SwarmNode { far[number]! }

    func pull(_ number: UInt8) async throws {
      let reader = try await self[number].registry.blobs.open(digest, in: Bench.repository)
      #expect(try await SwarmNode.read(reader) == layer, "\(number)")
      _ = try await self[number].fetchDesk.completion(of: digest, in: Bench.repository)
    }

    /// 6 reads, 4 fetches for it, and the origin has fallen silent: three pieces have come so far, to both.
    func openInTheMiddle() async throws -> any BlobReader {
      await swarm.allow(pieces: 3)
      let reader = try await self[6].registry.blobs.open(digest, in: Bench.repository)
      for number: UInt8 in [4, 6] {
        try await eventually("three pieces are at \(number)") {
          await self[number].fetchDesk.progress().first?.verifiedBytes == 3 * 65_536
        }
        await origin.fleet.fallSilent()
        await swarm.allow(pieces: nil)
      }
      return reader
    }

    /// What left the origin, in pieces of the blob and over the channel.
    func crossedBytes() async -> Int {
      Int(await origin.fleet.live().reduce(0) { $0 + $1.uploadedBytes }) + nodes.sentBytes(by: 1)
    }

    func close() async {
      await swarm.allow(pieces: nil)
      for node in far.values { await node.close() }
      await origin.close()
    }
  }

  @Test func oneOfASiteCrossesTheLineAndTheOthersTakeItFromThere() async throws {
    let sites = try await Sites(Self.large, 4, 5, 6)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number: UInt8 in [6, 5, 4] { group.addTask { try await sites.pull(number) } }
      try await group.waitForAll()
    }
    #expect(await sites.crossedBytes() == Self.large.count)
    #expect(sites[4].fetchDesk.siteCounts.near == 0)
    await sites.close()
  }

  @Test func whoIsToFetchDoesSoThoughNobodyPullsThere() async throws {
    let sites = try await Sites(Self.large, 4, 5, 6)
    try await sites.pull(6)
    #expect(await sites.crossedBytes() == Self.large.count)
    #expect(sites.nodes.asked == [JoinedNodes.id(4)])
    #expect(sites[6].fetchDesk.siteCounts.near == 1 && sites[4].fetchDesk.siteCounts.asked == 1)
    // It is near now.
    try await sites.pull(5)
    #expect(await sites.crossedBytes() == Self.large.count && sites.nodes.asked.count == 1)
    await sites.close()
  }

  @Test func whoIsAwayIsPassedOverAndTheNextOneFetches() async throws {
    let sites = try await Sites(Self.large, 4, 5, 6)
    sites.nodes.set(4) { $0.isAway = true }
    try await sites.pull(6)
    // And 5 asked it too, before it crossed the line.
    #expect(sites.nodes.asked == [4, 5, 4].map(JoinedNodes.id))
    #expect(await sites.crossedBytes() == Self.large.count)
    await sites.close()
  }

  @Test func whereNobodyFetchesForItANodeCrossesTheLineItself() async throws {
    let sites = try await Sites(Self.large, 4, 5, 6)
    for number: UInt8 in [4, 5] { sites.nodes.set(number) { $0.isAway = true } }
    try await sites.pull(6)
    #expect(await sites.crossedBytes() == Self.large.count)
    #expect(sites[6].fetchDesk.siteCounts == SiteCounts(), "it never waited")
    await sites.close()
  }

  /// In the middle of it: what is here stays, and the rest crosses the line.
  @Test func aFetcherThatFallsSilentHoldsUpNobody() async throws {
    let sites = try await Sites(Self.large, 4, 6)
    let reader = try await sites.openInTheMiddle()
    sites.nodes.set(4) { $0.isAway = true }
    await sites[4].fleet.fallSilent()
    await sites.origin.fleet.fallSilent(false)
    await sites[6].fetchDesk.tick()
    await sites[6].fetchDesk.tick(at: .now + .seconds(4))
    #expect(try await SwarmNode.read(reader) == Self.large)
    try await sites.pull(6)
    #expect(sites[6].fetchDesk.siteCounts.crossed == 1)
    await sites.close()
  }

  /// It says that it gets on, and hands on nothing.
  @Test func aFetcherThatBoastsIsNotBelievedForLong() async throws {
    let sites = try await Sites(Self.large, 4, 6)
    await sites.swarm.allow(pieces: 0)
    sites.nodes.set(4) { $0.boastedBytes = 1_000_000 }
    let reader = try await sites[6].registry.blobs.open(sites.digest, in: Bench.repository)
    await sites[4].fleet.fallSilent()
    await sites.swarm.allow(pieces: nil)
    await sites[6].fetchDesk.tick(at: .now + .seconds(16))
    #expect(try await SwarmNode.read(reader) == Self.large)
    await sites.close()
  }

  @Test func whoWaitsLetsNobodyInFromAnotherSite() async throws {
    let sites = try await Sites(Self.large, 4, 6)
    await sites.swarm.allow(pieces: 0)
    _ = try await sites[6].registry.blobs.open(sites.digest, in: Bench.repository)
    let reception = try #require(sites[6].registry.reception)
    func admits(_ number: UInt8) async throws -> Bool {
      try await reception.admit(JoinedNodes.id(number), to: sites.digest, in: Bench.repository) != nil
    }
    try await eventually("its swarm is at work") { try await admits(4) }
    #expect(try await !admits(1))
    // Who fetches for the site does.
    let fetcher = try #require(sites[4].registry.reception)
    #expect(try await fetcher.admit(JoinedNodes.id(1), to: sites.digest, in: Bench.repository) != nil)
    // When it crosses the line itself, so does this one.
    sites.nodes.set(4) { $0.isAway = true }
    await sites[6].fetchDesk.tick(at: .now + .seconds(16))
    try await eventually("it lets them in") { try await admits(1) }
    await sites.close()
  }

  @Test func aSmallBlobCrossesTheLineOnceToo() async throws {
    let sites = try await Sites(Self.small, 4, 6)
    try await sites.pull(6)
    #expect(await sites.crossedBytes() == Self.small.count)
    #expect(sites.nodes.sentBytes(by: 4) == Self.small.count)
    await sites.close()
  }

  @Test(arguments: [nil, "a"]) func withoutALineNobodyIsAskedToFetch(_ site: String?) async throws {
    let sites = try await Sites(Self.large, 4, 6) { _ in site }
    try await sites.pull(6)
    #expect(sites.nodes.asked.isEmpty)
    let questions = sites.nodes.questions
    let plain = try await Sites(Self.large, 4, 6) { _ in nil }
    try await plain.pull(6)
    #expect(abs(plain.nodes.questions - questions) <= 1, "seeking is by the clock")
    for sites in [sites, plain] { await sites.close() }
  }

  @Test func aDigestAloneHasNothingFetched() async throws {
    let sites = try await Sites(Self.large, 4)
    let other = try await sites.origin.bench.pushBlob([1, 2, 3])
    await #expect(throws: RegistryError.self) {
      try await sites[4].registry.fetch(other, in: Bench.repository, for: JoinedNodes.id(6))
    }
    await #expect(throws: RegistryError.self) {
      try await sites[4].registry.fetch(sites.digest, in: SwarmNode.open, for: JoinedNodes.id(6))
    }
    #expect(await sites.crossedBytes() == 0)
    await sites.close()
  }

  /// What it waited for before it ended it waits for in its next life.
  @Test func aNodeThatComesBackLeavesTheLineToTheSameMember() async throws {
    let sites = try await Sites(Self.large, 4, 6)
    _ = try await sites.openInTheMiddle()
    await sites[6].close()
    let back = try await sites[6].restarted(fleet: sites.nodes.others(than: 6)) {
      $0.way = sites.nodes.way
      // A slow machine would have it cross the line by itself.
      ($0.fetchLimits.sitePatience, $0.fetchLimits.siteBelief) = (.seconds(600), .seconds(600))
    }
    sites.nodes.add(back, as: 6)
    try await back.fetchDesk.resume()
    await back.fetchDesk.tick()
    await sites.origin.fleet.fallSilent(false)
    _ = try await back.fetchDesk.completion(of: sites.digest, in: Bench.repository)
    #expect(await sites.crossedBytes() == Self.large.count)
    await back.close()
    await sites.close()
  }
}
