import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Fetches of a fleet with an engine and a channel, both in memory: who brings what, and that it is the blob in the end.
struct TwofoldRunTests {
  private static let large = seededBytes(2_000_000, seed: 21)
  private static let small = seededBytes(500_000, seed: 22)

  /// Member 1 holds a blob and seeds it; 9 fetches.
  private struct Pair {
    let nodes = JoinedNodes()
    let swarm = MemorySwarm()
    let holder: SwarmNode
    let far: SwarmNode
    let bytes: [UInt8]
    let torrent: SwarmTorrent
    private let told = Lock<[FetchStage]>([])

    init(_ bytes: [UInt8], limits: (inout FetchLimits) -> Void = { _ in }) async throws {
      let (nodes, swarm, told) = (nodes, swarm, told)
      holder = try await SwarmNode(among: swarm)
      far = try await SwarmNode(fleet: nodes.others(than: 9), among: swarm) {
        $0.way = nodes.way
        $0.tells = { _, stage in told.withLock { $0.append(stage) } }
        // Another way for the first piece would be a race.
        $0.fetchLimits.firstPiecePatience = .seconds(600)
        limits(&$0.fetchLimits)
      }
      nodes.add(holder, as: 1)
      nodes.add(far, as: 9)
      self.bytes = bytes
      torrent = try SwarmNode.torrent(bytes, .v2, as: .hashing(bytes))
      try await holder.bench.pushBlob(bytes)
      try await holder.desk.want(torrent.digest)
    }

    func begin() async throws {
      let origin = FetchOrigin.members(holders: [JoinedNodes.id(1)], peers: [])
      try await far.fetchDesk.begin(FetchRequest(torrent: torrent, from: origin, repository: Bench.repository))
    }

    /// It is whole and right.
    func finish() async throws {
      _ = try await far.fetchDesk.completion(of: torrent.digest, in: Bench.repository)
      let reader = try await far.registry.blobs.open(torrent.digest, in: Bench.repository)
      #expect(try await SwarmNode.read(reader) == bytes)
    }

    var stages: [FetchStage] { told.withLock { $0 } }

    var channelBytes: Int { nodes.sentBytes(by: 1) }

    func swarmPieces() async -> Int {
      Int(await holder.fleet.live().reduce(0) { $0 + $1.uploadedBytes }) / torrent.pieceBytes
    }

    func close() async {
      nodes.openGate()
      for node in [far, holder] { await node.close() }
    }
  }

  @Test func aLargeBlobComesThroughTheSwarmAlone() async throws {
    let pair = try await Pair(Self.large)
    try await pair.begin()
    try await pair.finish()
    #expect(pair.channelBytes == 0)
    #expect(await pair.swarmPieces() == Self.large.count / 65_536)
    #expect(pair.stages.count <= 2 && pair.stages.last == .partial, "that it is whole is told with its link")
    await pair.close()
  }

  @Test func theFirstPieceComesOverTheChannelWhenTheSwarmIsLate() async throws {
    let pair = try await Pair(Self.large) {
      $0.firstPiecePatience = .milliseconds(1)
      // On a busy machine a wake comes late, and a stall would bring more than the first piece.
      $0.blockPatience = .seconds(600)
    }
    await pair.swarm.allow(pieces: 0)
    pair.nodes.closeGate()
    try await pair.begin()
    let reader = try await pair.far.registry.blobs.open(pair.torrent.digest, in: Bench.repository)
    #expect(reader.arrival?.sources == [.swarm], "as long as nothing came, what it is expected from")
    pair.nodes.openGate()
    #expect(try await reader.read(from: 0, count: 60_000) == Array(Self.large[..<(60_000 - 16_384)]))
    #expect(pair.channelBytes == 65_536)
    #expect(reader.arrival?.sources == [.channel])
    await pair.close()
  }

  @Test func whatTheSwarmLeavesTheChannelFillsIn() async throws {
    let pair = try await Pair(Self.large)
    await pair.swarm.allow(pieces: 5)
    try await pair.begin()
    try await eventually("five pieces") { await pair.far.fetchDesk.progress().first?.verifiedBytes == 5 * 65_536 }
    try await eventually("both at work") { await pair.far.fetchDesk.begunSources(of: pair.torrent.digest) == 2 }
    #expect(pair.channelBytes == 0)
    // The first look sees what the swarm has brought so far, the second that nothing more came.
    await pair.far.fetchDesk.tick()
    await pair.far.fetchDesk.tick(at: .now + .seconds(2))
    try await pair.finish()
    #expect(pair.channelBytes == Self.large.count - 5 * 65_536)
    await pair.close()
  }

  @Test func aSeedThatFallsSilentIsLetGoOfAndTheBlobComesAllTheSame() async throws {
    let pair = try await Pair(Self.large)
    await pair.holder.fleet.fallSilent()
    try await pair.begin()
    try await eventually("both at work") { await pair.far.fetchDesk.begunSources(of: pair.torrent.digest) == 2 }
    await pair.far.fetchDesk.tick(at: .now + .seconds(2))
    try await pair.finish()
    #expect(pair.channelBytes == Self.large.count)
    await pair.close()
  }

  @Test func withoutItsEngineTheChannelWritesTheRestItself() async throws {
    let pair = try await Pair(Self.large)
    await pair.swarm.allow(pieces: 3)
    try await pair.begin()
    try await eventually("three pieces") { await pair.far.fetchDesk.progress().first?.verifiedBytes == 3 * 65_536 }
    try await eventually("both at work") { await pair.far.fetchDesk.begunSources(of: pair.torrent.digest) == 2 }
    await pair.far.fleet.failFetches(with: RegistryError(.internal, "the engine has had enough"))
    await pair.swarm.allow(pieces: 1)
    try await pair.finish()
    #expect(pair.channelBytes == Self.large.count - 3 * 65_536)
    await pair.close()
  }

  @Test func whatDoesNotComeAfterAllIsToldToo() async throws {
    let pair = try await Pair(Self.large)
    await pair.swarm.allow(pieces: 0)
    try await pair.begin()
    try await eventually("told") { pair.stages == [.wanted] }
    await pair.swarm.allow(pieces: 1)
    try await eventually("told") { pair.stages == [.wanted, .partial] }
    #expect(await pair.far.fetchDesk.cancel(pair.torrent.digest))
    #expect(pair.stages == [.wanted, .partial, .over])
    await pair.close()
  }

  @Test func aSmallBlobComesOverTheChannelAlone() async throws {
    let pair = try await Pair(Self.small)
    try await pair.begin()
    try await pair.finish()
    #expect(pair.channelBytes == Self.small.count)
    #expect(await pair.swarmPieces() == 0)
    #expect(pair.stages == [])
    await pair.close()
  }

  @Test func aSmallBlobThatNobodySendsComesThroughTheSwarm() async throws {
    let pair = try await Pair(Self.small)
    pair.nodes.set(1) { $0.isAway = true }
    try await pair.begin()
    try await pair.finish()
    #expect(pair.channelBytes == 0)
    await pair.close()
  }

  @Test func aSmallBlobThatHangsIsFinishedByTheSwarm() async throws {
    let pair = try await Pair(Self.small)
    pair.nodes.closeGate()
    try await pair.begin()
    try await eventually("asked") { await pair.far.fetchDesk.begunSources(of: pair.torrent.digest) == 1 }
    await pair.far.fetchDesk.tick(at: .now + .seconds(2))
    try await eventually("all pieces") {
      await pair.far.fetchDesk.progress().first { $0.verifiedBytes == pair.torrent.size } != nil
    }
    pair.nodes.openGate()
    try await pair.finish()
    await pair.close()
  }

  @Test func aPieceThatIsFalseReachesNeitherFileNorEngine() async throws {
    let pair = try await Pair(Self.large)
    await pair.swarm.allow(pieces: 0)
    pair.nodes.set(1) { $0.liesInPiece = 3 }
    try await pair.begin()
    try await eventually("both at work") { await pair.far.fetchDesk.begunSources(of: pair.torrent.digest) == 2 }
    await pair.far.fetchDesk.tick(at: .now + .seconds(2))
    try await eventually("three pieces") { await pair.far.fetchDesk.progress().first?.verifiedBytes == 3 * 65_536 }
    await pair.swarm.allow(pieces: nil)
    try await pair.finish()
    await pair.close()
  }
}

extension FetchDesk {
  /// How many sources of a fetch are at work.
  func begunSources(of digest: Digest) async -> Int {
    RemoteBlobFetch.Source.allCases.count { fetches.run(of: digest)?.isAtWork($0) == true }
  }
}
