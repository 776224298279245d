import BlockingWork
import RegistryCore
import RegistryTesting
import Telemetry
import Testing

@testable import RegistryService

/// The end of a node is soon, and after it nothing goes on.
struct ClosingTests {
  private static let bytes = seededBytes(1_000_000, seed: 1)
  private static let digest = Digest.hashing(bytes)

  @Test func blobsThatWaitToBeJudgedDoNotHoldUpTheEnd() async throws {
    let node = try await SwarmNode()
    var torrents: [InfoHash] = []
    for number: UInt8 in 1...3 {
      let bytes = [number]
      let digest = try await node.bench.pushBlob(bytes, to: SwarmNode.open)
      try await node.desk.want(digest)
      torrents.append(try SwarmNode.torrent(bytes, .v2, as: digest).infoHash)
    }
    let opened = node.bench.blobs.openedCount
    let occupied = await OccupiedThread.of(node.bench.ports.work)
    for torrent in torrents { await node.publicEngine?.findRotten(torrent, reason: "for this test") }
    try await eventually("the first is being read") { node.bench.blobs.openedCount == opened + 1 }
    // Has given up the others when it first waits.
    let closing = Task.immediate { await node.desk.close() }
    occupied.leave()
    await closing.value
    #expect(node.bench.blobs.openedCount == opened + 1)
    await node.close()
  }

  @Test func aFetchThatIsBeingBegunHasEndedWhenAllAreClosed() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    node.store.hold(.begin)
    async let begun: Void = node.fetchDesk.begin(node.request(torrent))
    try await eventually("it is on its way") { node.store.arrived(at: .begin) == 1 }
    let hasClosed = Lock(false)
    let closing = Task.immediate {
      await node.fetchDesk.close()
      hasClosed.withLock { $0 = true }
    }
    #expect(!hasClosed.withLock { $0 })
    node.store.release(.begin)
    await closing.value
    // What arrived and its note stay, and nothing of it is in an engine that is about to close.
    #expect(node.fetchDesk.count(of: .kept) == 1 && node.fetches.digests == [Self.digest])
    #expect(await node.desk.live().isEmpty)
    try await begun
    await node.close()
  }
}
