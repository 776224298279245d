import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

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

  @Test func peersOfASecondWishForTheSameRepositoryOutliveTheNode() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    let nobody = PeerEndpoint(address: "192.0.2.1", port: 1)
    try await node.fetchDesk.begin(
      FetchRequest(torrent: torrent, peers: [nobody], repository: SwarmNode.open, session: .public))
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(torrent))
    await node.close()
    let next = try await node.restarted()
    try await next.fetchDesk.resume()
    try await eventually("the peer is found") { await next.fetchDesk.progress().first?.peers == 1 }
    await next.close()
  }

  /// Who comes while the digest is compared finds the fetch over when its turn comes to write down what it wants.
  @Test func whoJoinsABlobThatTurnsOutFalseIsToldSo() async throws {
    let node = try await SwarmNode()
    node.store.hold(.seal)
    let lie = try await node.offered(seededBytes(1_000_000, seed: 2), as: Self.digest)
    try await node.fetchDesk.begin(node.request(lie))
    try await eventually("all is here") { node.store.arrived(at: .seal) == 1 }
    async let refused = code { () async throws(RegistryError) in
      try await node.fetchDesk.begin(node.request(lie, for: Self.other))
    }
    try await eventually("it joined") { await node.fetchDesk.progress().first?.repositories.count == 2 }
    node.store.release(.seal)
    #expect(await refused == .digestInvalid)
    // Once was enough.
    #expect(node.store.arrived(at: .begin) == 1)
    await node.close()
  }

  @Test func oneTorrentIsNotBegunAsThatOfTwoBlobsAtOnce() async throws {
    let node = try await SwarmNode()
    node.store.hold(.begin)
    let truth = try await node.offered(Self.bytes)
    let decided = Lock<[Digest: RegistryError.Code?]>([:])
    await withTaskGroup(of: Void.self) { group in
      for digest in [Self.digest, Digest.hashing([1])] {
        group.addTask {
          let request = node.request(truth.claiming(digest))
          let refused = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(request) }
          decided.withLock { $0[digest] = .some(refused) }
        }
      }
      // Neither has a run that the other could see: both are on their way to one.
      await #expect(throws: Never.self) {
        try await eventually("both have been judged") {
          node.store.arrived(at: .begin) + decided.withLock { $0.count } == 2
        }
      }
      node.store.release(.begin)
    }
    #expect(node.store.arrived(at: .begin) == 1)
    #expect(decided.withLock { Set($0.values) } == [nil, .digestInvalid])
    await node.close()
  }

  /// Whatever they were told before they came to take it.
  @Test func aTorrentHasOnePlace() async throws {
    let fetches = RemoteBlobFetches(limits: FetchLimits())
    let torrent = try SwarmNode.torrent(Self.bytes, .v2, as: Self.digest)
    let other = torrent.claiming(.hashing([1]))
    try fetches.takePlace(for: torrent)
    #expect(await code { () throws(RegistryError) in try fetches.takePlace(for: other) } == .digestInvalid)
    fetches.leavePlace(torrent)
    try fetches.takePlace(for: other)
  }

  /// Its torrents rest, so that no engine knows them.
  @Test(arguments: TorrentVersion.allCases)
  func theTorrentOfABlobThatIsHereIsNotThatOfAnother(_ version: TorrentVersion) async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    await node.desk.sweep(at: .now + .seconds(601))
    #expect(await node.desk.live().isEmpty)
    let torrent = try await node.offered(Self.bytes, version)
    let request = node.request(torrent.claiming(.hashing([1])))
    #expect(await code { () async throws(RegistryError) in try await node.fetchDesk.begin(request) } == .digestInvalid)
    await node.close()
  }
}

extension SwarmTorrent {
  /// The same torrent, said to be of another blob.
  fileprivate func claiming(_ digest: Digest) -> SwarmTorrent {
    SwarmTorrent(
      digest: digest, size: size, pieceBytes: pieceBytes, infoHash: infoHash, info: info, pieceLayer: pieceLayer)
  }
}
