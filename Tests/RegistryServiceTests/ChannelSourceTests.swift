import BlockingWork
import RegistryCore
import RegistryTesting
import Telemetry
import Testing

@testable import RegistryService

/// The channel alone, with both of its takers.
struct ChannelSourceTests {
  private static let bytes = seededBytes(400_000, seed: 51)
  private static let pieceCount = 7

  /// An engine that keeps what it is given.
  private final class Gifts: SwarmRelief {
    private let given = Lock<[Int: [UInt8]]>([:])

    var all: [Int: [UInt8]] { given.withLock { $0 } }

    func give(_ content: [UInt8], as piece: Int, to torrent: InfoHash) async throws(RegistryError) {
      given.withLock { $0[piece] = content }
    }

    func shed(silentFor patience: Duration, from torrent: InfoHash) async {}
    func want(_ pieces: Range<Int>, of torrent: InfoHash) async {}
  }

  private static func piece(_ number: Int) -> [UInt8] { Array(bytes.dropFirst(number * 65_536).prefix(65_536)) }

  @Test func theFileIsWrittenByTheChannelOrByAnEngineAndNeverByBoth() async throws {
    let (nodes, node, gifts) = (JoinedNodes(), try await SwarmNode(), Gifts())
    nodes.add(node, as: 1)
    let digest = try await node.bench.pushBlob(Self.bytes)
    let torrent = try SwarmNode.torrent(Self.bytes, .v2, as: digest)
    let sink = try await MemoryFetchStore(blobs: MemoryBlobStore()).begin(digest, size: torrent.size, note: [])
    let work = BlockingPool(name: "work", threads: 1)
    let lane = ChannelLane(
      torrent: torrent, repository: Bench.repository, fleet: nodes.others(than: 9), work: work)
    let channel = ChannelSource(lane, holders: [JoinedNodes.id(1)], sink: sink, .init(), log: .silent)
    let told = Lock<[Int]>([])
    let tell: ChannelSource.Tell = { event in
      if case .verified(let piece) = event { told.withLock { $0.append(piece) } }
    }

    nodes.closeGate()
    channel.fill(0..<5, tell: tell)
    try await channel.handOver(to: gifts) { () async throws(RegistryError) in
      nodes.openGate()
      // Its pieces come while the engine is brought to work, and wait. That none is written is seen by giving it time to.
      try? await eventually("a piece") { nodes.sentBytes(by: 1) > 65_536 }
      try? await eventually("one that is written", within: .milliseconds(200)) { !told.withLock { $0.isEmpty } }
      #expect(gifts.all.isEmpty && told.withLock { $0.isEmpty })
    }
    // What is still under way would not be asked for again.
    try await eventually("five are given") { gifts.all.count == 5 && channel.partsUnderWay.isEmpty }
    for (number, content) in gifts.all { #expect(content == Self.piece(number)) }
    #expect(told.withLock { $0 } == [], "it is for the engine to tell")
    #expect(try await sink.read(from: 0, count: 400_000).allSatisfy { $0 == 0 })

    channel.takeBack()
    channel.fill(3..<Self.pieceCount, tell: tell)
    try await eventually("four are written") { told.withLock { $0.count } == 4 }
    #expect(told.withLock { $0 } == [3, 4, 5, 6] && gifts.all.count == 5)
    #expect(try await sink.read(from: 3 * 65_536, count: 400_000) == Array(Self.bytes.dropFirst(3 * 65_536)))
    await channel.end()
    await sink.cancel()
    await node.close()
    work.stop()
  }

  @Test func whatIsUnderWayIsNotAskedForTwiceAndRestEndsTheRest() async throws {
    let (nodes, node) = (JoinedNodes(), try await SwarmNode())
    nodes.add(node, as: 1)
    let digest = try await node.bench.pushBlob(Self.bytes)
    let torrent = try SwarmNode.torrent(Self.bytes, .v2, as: digest)
    let sink = try await MemoryFetchStore(blobs: MemoryBlobStore()).begin(digest, size: torrent.size, note: [])
    let work = BlockingPool(name: "work", threads: 1)
    let lane = ChannelLane(
      torrent: torrent, repository: Bench.repository, fleet: nodes.others(than: 9), work: work)
    let channel = ChannelSource(lane, holders: [JoinedNodes.id(1)], sink: sink, .init(), log: .silent)
    let told = Lock<Set<Int>>([])
    let tell: ChannelSource.Tell = { event in
      if case .verified(let piece) = event { told.withLock { _ = $0.insert(piece) } }
    }
    nodes.closeGate()
    for _ in 0..<3 { channel.fill(0..<4, tell: tell) }
    try await eventually("it is asked") { channel.partsUnderWay == [0..<4] }
    channel.fill(2..<5, tell: tell)
    try await eventually("the other lane") { channel.partsUnderWay == [0..<4, 4..<5] }
    channel.fill(0..<Self.pieceCount, tell: tell)
    channel.rest()
    nodes.openGate()
    try await eventually("all that was under way") { channel.partsUnderWay.isEmpty }
    #expect(told.withLock { $0 } == Set(0..<5))
    #expect(nodes.sentBytes(by: 1) == 5 * 65_536)
    await channel.end()
    await sink.cancel()
    await node.close()
    work.stop()
  }
}
