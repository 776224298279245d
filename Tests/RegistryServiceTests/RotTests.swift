import RegistryCore
import RegistryService
import RegistryTesting
import Testing

/// Blobs that rot or vanish under their torrents.
struct RotTests {
  private static let bytes = seededBytes(200_000, seed: 1)
  private static let digest = Digest.hashing(bytes)

  @Test func aRottenBlobLosesItsTorrentsItsNamesAndItsPlace() async throws {
    let node = try await node()
    var rotten = Self.bytes
    rotten[100_000] ^= 1
    node.bench.blobs.rot(Self.digest, to: rotten)
    try await complain(node)
    try await eventually("it is put aside") { node.bench.blobs.quarantined == [Self.digest] }
    try await eventually("it is counted") { node.desk.counts.rottenBlobs == 1 }
    #expect(await node.desk.live().isEmpty)
    #expect(try await !node.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    // A push heals.
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    await node.close()
  }

  @Test func aBlobWhoseFileIsGoneLosesItsNames() async throws {
    let node = try await node()
    _ = try await node.bench.blobs.remove(Self.digest)
    try await complain(node)
    try await eventually("it is counted") { node.desk.counts.rottenBlobs == 1 }
    #expect(try await !node.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    #expect(await node.desk.live().isEmpty)
    await node.close()
  }

  /// A disk that fails once must not cost a good blob.
  @Test func aSoundBlobStaysAndItsTorrentsRestForAWhile() async throws {
    let node = try await node()
    let opened = node.bench.blobs.openedCount
    try await complain(node)
    try await eventually("it is read again") { node.bench.blobs.openedCount > opened }
    try await eventually("it rests") {
      await code { () async throws(RegistryError) in try await node.desk.want(Self.digest) } == .unavailable
    }
    #expect(await node.desk.live().isEmpty)
    #expect(try await node.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    #expect(node.bench.blobs.quarantined == [] && node.desk.counts.rottenBlobs == 0)
    await node.close()
  }

  @Test func aBlobThatCannotBeReadEvenNowStaysToo() async throws {
    let node = try await node()
    node.bench.blobs.fail(with: RegistryError(.internal, "EIO"))
    try await complain(node)
    try await eventually("it rests") { await node.desk.live().isEmpty }
    try await eventually("it is suspect") {
      await code { () async throws(RegistryError) in try await node.desk.want(Self.digest) } == .unavailable
    }
    node.bench.blobs.fail(with: nil)
    #expect(try await node.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    #expect(node.bench.blobs.digests == [Self.digest])
    await node.close()
  }

  @Test func verifyingTellsRottenBlobsAndFalseTicketsFromSoundOnes() async throws {
    let node = try await node()
    #expect(try await node.desk.verify(Self.digest) == .sound)
    let (other, bytes) = (Digest.hashing([1]), [UInt8]([1]))
    let lie = try #require(SwarmTicket.hashing([2], as: other))
    try await node.bench.blobs.put(bytes, as: other)
    try await node.bench.catalogue.link(
      StoredBlob(digest: other, size: 1), ticket: TicketEntry(lie), to: SwarmNode.open)
    #expect(try await node.desk.verify(other) == .falseTicket)
    node.bench.blobs.rot(Self.digest, to: [1])
    #expect(try await node.desk.verify(Self.digest) == .rotten)
    #expect(await node.desk.live().isEmpty && node.bench.blobs.quarantined == [Self.digest])
    #expect(try await node.desk.verify(Self.digest) == .rotten, "it is gone")
    await node.close()
  }

  /// It gets another file; what the engine still tells is of the one before.
  @Test func aBlobThatIsPushedAgainSeedsOnWhateverAnEngineSaysOfItsOldFile() async throws {
    let node = try await node()
    let live = await node.desk.live().count
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await complain(node)
    // One is missing until the complaint was judged.
    try await eventually("all its torrents are live again") { await node.desk.live().count == live }
    try await node.desk.want(Self.digest)
    #expect(await node.desk.live().count == live && node.bench.blobs.quarantined.isEmpty)
    await node.close()
  }

  /// However the judgement of the old file and the arrival of the new one fall together.
  @Test func aBlobThatIsPushedAgainWhileItIsJudgedSeedsOn() async throws {
    let node = try await node()
    let live = await node.desk.live().count
    try await complain(node)
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await complain(node)
    // All may be live for a moment before the second complaint is judged, and are when it was.
    try await eventually("all its torrents are live again, and are wanted") {
      guard await node.desk.live().count == live else { return false }
      let refusal = await code { () async throws(RegistryError) in try await node.desk.want(Self.digest) }
      let after = await node.desk.live().count
      return refusal == nil && after == live
    }
    #expect(node.bench.blobs.quarantined.isEmpty)
    await node.close()
  }

  private func node() async throws -> SwarmNode {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    return node
  }

  private func complain(_ node: SwarmNode) async throws {
    let torrent = try SwarmNode.torrent(Self.bytes, .v1, as: Self.digest)
    await node.publicEngine?.findRotten(torrent.infoHash, reason: "piece 1 does not match")
  }
}
