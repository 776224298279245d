import RegistryCore
import RegistryService
import RegistryTesting
import Testing

/// What a second wish for a blob that is being fetched comes to.
struct FetchJoinTests {
  private static let bytes = seededBytes(1_000_000, seed: 1)
  private static let digest = Digest.hashing(bytes)
  private static let other = Bench.name("open/other")

  @Test func anotherTorrentForABlobThatArrivesIsRefusedUntilTheFirstHasEnded() async throws {
    let node = try await SwarmNode()
    let running = try await node.offered(seededBytes(1_000_000, seed: 2), as: Self.digest)
    let truth = try await node.offered(Self.bytes)
    let classic = try await node.offered(Self.bytes, .v1)
    let short = try await node.offered(seededBytes(10, seed: 3), as: Self.digest)
    await node.swarm.allow(pieces: 3)
    try await node.fetchDesk.begin(node.request(running))
    for torrent in [truth, classic, short] {
      do throws(RegistryError) {
        try await node.fetchDesk.begin(node.request(torrent, for: Self.other))
        Issue.record("a torrent of another info hash joined")
      } catch {
        #expect(error.code == .fetchConflict)
        #expect(error.message.contains(running.infoHash.urn))
      }
    }
    // Nothing of it is left: the fetch is for whoever began it, and the same torrent joins.
    #expect(await node.fetchDesk.progress().map(\.repositories) == [[SwarmNode.open]])
    try await node.fetchDesk.begin(node.request(running, for: Self.other))
    #expect(await node.fetchDesk.progress().map(\.repositories) == [[SwarmNode.open, Self.other]])
    #expect(await node.fetchDesk.cancel(Self.digest))
    await node.swarm.allow(pieces: nil)
    _ = try await node.fetchDesk.fetch(node.request(truth))
    await node.close()
  }

  /// True bytes under the first torrent: the other needs a link. False ones: the other is the fetch that helps.
  @Test(arguments: [true, false])
  func anotherTorrentForABlobThatIsWholeWaitsForItsDigest(_ isTrue: Bool) async throws {
    let node = try await SwarmNode()
    node.store.hold(.seal)
    let bytes = isTrue ? Self.bytes : seededBytes(1_000_000, seed: 2)
    let first = try await node.offered(bytes, as: Self.digest, TorrentVersion.v1)
    let second = try await node.offered(Self.bytes)
    try await node.fetchDesk.begin(node.request(first))
    try await eventually("all is here") { node.store.arrived(at: .seal) == 1 }
    async let joined = node.fetchDesk.fetch(node.request(second, for: Self.other))
    node.store.release(.seal)
    #expect(try await joined.size == 1_000_000)
    #expect(try await node.registry.blobs.holds(Self.digest, in: Self.other))
    #expect(try await node.registry.blobs.holds(Self.digest, in: SwarmNode.open) == isTrue)
    await node.close()
  }
}
