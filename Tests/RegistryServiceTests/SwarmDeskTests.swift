import RegistryCore
import RegistryService
import RegistryTesting
import Testing

/// Which torrents are live where, over engines in memory.
struct SwarmDeskTests {
  private static let bytes = seededBytes(200_000, seed: 1)
  private static let digest = Digest.hashing(bytes)

  @Test func nothingIsLiveUntilItIsWanted() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    #expect(await node.desk.live().isEmpty)
    try await node.desk.want(Self.digest)
    // Among the fleet its one torrent, to strangers both.
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1])
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    let counts = node.desk.counts
    #expect([counts.fleetTorrents, counts.publicTorrents, counts.rottenBlobs] == [1, 2, 0])
    await node.close()
  }

  @Test func whatIsPrivateIsLiveAmongTheFleetAlone() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.closed)
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1])
    #expect(await SwarmNode.digests(in: node.publicEngine) == [:])
    // A second name, and that is public.
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    await node.close()
  }

  @Test func aTorrentIsWantedByEitherOfItsHashes() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    for version in TorrentVersion.allCases {
      await node.desk.sweep(at: .now + .seconds(601))
      #expect(await node.desk.live().isEmpty)
      let short = try SwarmNode.torrent(Self.bytes, version, as: Self.digest).infoHash.short
      #expect(try await node.desk.want(torrent: short) == Self.digest)
      #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    }
    #expect(try await node.desk.want(torrent: [UInt8](repeating: 0, count: 20)) == nil)
    await node.close()
  }

  @Test func strangersTakeAPublicBlobAndNobodyTakesAPrivateOne() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    for version in TorrentVersion.allCases {
      let torrent = try SwarmNode.torrent(Self.bytes, version, as: Self.digest)
      let (file, events) = (try NamelessFile.sized(torrent.size), SwarmEvents())
      try await node.stranger.fetch(
        torrent, into: file, from: [try #require(node.publicEngine).address], observer: events.observer)
      try await events.untilWhole(within: SwarmNode.patience)
      #expect(try NamelessFile.read(file, from: 0, count: 200_000) == Self.bytes)
    }
    await node.close()
  }

  @Test func anIdleTorrentRestsAndOneWithPeersDoesNot() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    let other = try await node.bench.pushBlob([1, 2, 3], to: SwarmNode.open)
    for digest in [Self.digest, other] { try await node.desk.want(digest) }
    let torrent = try SwarmNode.torrent(Self.bytes, .v2, as: Self.digest)
    await node.swarm.allow(pieces: 0)
    try await node.stranger.fetch(
      torrent, into: NamelessFile.sized(torrent.size), from: [try #require(node.publicEngine).address],
      observer: { _ in })
    await node.desk.sweep(at: .now + .seconds(599))
    #expect(node.desk.counts.fleetTorrents == 2)
    await node.desk.sweep(at: .now + .seconds(601))
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    #expect(node.desk.counts.fleetTorrents == 1)
    await node.close()
  }

  @Test func wishesOutliveTheNodeAndNothingElseIsLiveAtItsStart() async throws {
    let node = try await SwarmNode()
    let (started, stopped) = (Self.digest, Digest.hashing([1]))
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    for bytes: [UInt8] in [[1], [2]] { try await node.bench.pushBlob(bytes, to: SwarmNode.open) }
    try await node.desk.start(started)
    try await node.desk.want(.hashing([2]))
    try await node.desk.want(stopped)
    try await node.desk.stop(stopped)
    #expect(await SwarmNode.digests(in: node.fleet) == [started: 1, .hashing([2]): 1])
    await node.close()
    let next = try await node.restarted()
    #expect(await SwarmNode.digests(in: next.fleet) == [started: 1])
    #expect(await SwarmNode.digests(in: next.publicEngine) == [started: 2])
    await next.desk.sweep(at: .now + .seconds(100_000))
    #expect(await SwarmNode.digests(in: next.fleet) == [started: 1])
    #expect(await code { () async throws(RegistryError) in try await next.desk.want(stopped) } == .denied)
    try await next.desk.forgetWish(stopped)
    try await next.desk.want(stopped)
    // Nobody's wish any more: it rests.
    try await next.desk.forgetWish(started)
    await next.desk.sweep(at: .now + .seconds(601))
    #expect(await next.desk.live().isEmpty)
    await next.close()
  }

  @Test func publicTorrentsAreBoundedAndTheLongestUnwantedMakeRoom() async throws {
    let node = try await SwarmNode { $0.rules.publicLiveMax = 5 }
    var digests: [Digest] = []
    for number: UInt8 in 1...4 { digests.append(try await node.bench.pushBlob([number], to: SwarmNode.open)) }
    for digest in digests[..<2] { try await node.desk.want(digest) }
    try await node.desk.want(digests[0])
    try await node.desk.want(digests[2])
    // The second was the one that nobody wanted longest; among the fleet all stay.
    #expect(await SwarmNode.digests(in: node.publicEngine) == [digests[0]: 2, digests[2]: 2])
    #expect(node.desk.counts.fleetTorrents == 3)
    for digest in [digests[0], digests[2]] { try await node.desk.start(digest) }
    #expect(await code { () async throws(RegistryError) in try await node.desk.want(digests[3]) } == .tooManyRequests)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [digests[0]: 2, digests[2]: 2])
    await node.close()
  }

  @Test func theLastPublicNameTakesTheTorrentFromStrangersBeforeItsDeleteReturns() async throws {
    let node = try await SwarmNode()
    for repository in [SwarmNode.open, SwarmNode.closed] {
      try await node.bench.pushBlob(Self.bytes, to: repository)
    }
    try await node.desk.start(Self.digest)
    try await node.registry.blobs.delete(Self.digest, from: SwarmNode.open)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [:])
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1])
    try await node.registry.blobs.delete(Self.digest, from: SwarmNode.closed)
    #expect(await node.desk.live().isEmpty)
    #expect(await code { () async throws(RegistryError) in try await node.desk.want(Self.digest) } == .blobUnknown)
    await node.close()
  }

  @Test func aManifestThatIsDeletedIsTakenFromStrangersToo() async throws {
    let node = try await SwarmNode()
    let digest = try await node.bench.pushIndex(to: SwarmNode.open)
    try await node.desk.want(digest)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [digest: 2])
    try await node.registry.manifests.delete(.digest(digest), from: SwarmNode.open)
    #expect(await node.desk.live().isEmpty)
    await node.close()
  }

  @Test func otherPatternsCountAtOnceAndThePublicSessionIsThereOnlyForThem() async throws {
    let node = try await SwarmNode(patterns: [])
    #expect(node.publicEngines == 0 && node.desk.publicEndpoint == nil)
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    try await node.desk.start(Self.digest)
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1])
    try await node.desk.set(PublicPatterns(["open/*"]))
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    try await node.desk.set(PublicPatterns(["closed/*"]))
    #expect(await SwarmNode.digests(in: node.publicEngine) == [:])
    try await node.desk.set(PublicPatterns([]))
    #expect(node.publicEngine == nil && node.desk.publicEndpoint == nil)
    // A fetch needs it, for as long as it runs.
    let torrent = try await node.offered(seededBytes(100_000, seed: 2))
    _ = try await node.fetchDesk.fetch(node.request(torrent))
    #expect(node.publicEngines == 2 && node.publicEngine == nil)
    await node.close()
  }

  private static let taken = RegistryError(.unavailable, "the port is taken")

  @Test func aPublicSessionThatCannotBeOpenedIsTriedAgainInTimeAndWhatWasStartedIsLiveThen() async throws {
    // Hours, so that a slow machine does not reach them by itself.
    let node = try await SwarmNode(publicFailure: Self.taken) {
      ($0.rules.publicRetryLeast, $0.rules.publicRetryMost) = (.seconds(10_000), .seconds(15_000))
    }
    #expect(node.desk.publicTrouble?.message == Self.taken.message && node.publicTries == 1)
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    // However many want it, it is not tried for each; members have it all the same.
    for _ in 0..<3 { try await node.desk.start(Self.digest) }
    #expect(await SwarmNode.digests(in: node.fleet) == [Self.digest: 1] && node.publicTries == 1)
    // Each time after twice as long, up to a bound.
    var now = ContinuousClock.now
    for (number, pause) in [10_000, 15_000, 15_000].enumerated() {
      await node.desk.retryPublic(at: now + .seconds(pause - 100))
      #expect(node.publicTries == number + 1)
      now += .seconds(pause + 100)
      if number == 2 { node.publicFailure.withLock { $0 = nil } }
      await node.desk.retryPublic(at: now)
      #expect(node.publicTries == number + 2)
    }
    #expect(node.desk.publicTrouble == nil)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    await node.close()
  }

  @Test func aSessionThatAFetchOpenedStaysForWhatIsPublic() async throws {
    let node = try await SwarmNode(publicFailure: Self.taken)
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    node.publicFailure.withLock { $0 = nil }
    let torrent = try await node.offered(seededBytes(100_000, seed: 2))
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(torrent))
    try await eventually("the session is there") { node.desk.publicEndpoint != nil }
    try await node.desk.want(Self.digest)
    await node.swarm.allow(pieces: nil)
    _ = try await node.fetchDesk.completion(of: torrent.digest, in: SwarmNode.open)
    #expect(await SwarmNode.digests(in: node.publicEngine)[Self.digest] == 2)
    await node.close()
  }

  @Test func aFetchedBlobSeedsOnOnlyWhereItMay() async throws {
    for (repository, isPublic) in [(SwarmNode.open, true), (SwarmNode.closed, false)] {
      let node = try await SwarmNode()
      let torrent = try await node.offered(Self.bytes, .v1)
      _ = try await node.fetchDesk.fetch(node.request(torrent, for: repository))
      #expect(await SwarmNode.digests(in: node.publicEngine) == (isPublic ? [Self.digest: 1] : [:]))
      if isPublic {
        // From the store, and not from where it was staged; and it goes with its name.
        let (file, events) = (try NamelessFile.sized(torrent.size), SwarmEvents())
        await node.stranger.withdraw(torrent.infoHash)
        try await node.stranger.fetch(
          torrent, into: file, from: [try #require(node.publicEngine).address], observer: events.observer)
        try await events.untilWhole(within: SwarmNode.patience)
        try await node.registry.blobs.delete(Self.digest, from: repository)
        #expect(await SwarmNode.digests(in: node.publicEngine) == [:])
      }
      await node.close()
    }
  }

  @Test func aBlobWithoutATicketIsHashedWhenItIsWanted() async throws {
    let node = try await SwarmNode()
    try await node.bench.blobs.put(Self.bytes, as: Self.digest)
    try await node.bench.catalogue.link(
      StoredBlob(digest: Self.digest, size: 200_000), ticket: nil, to: SwarmNode.open)
    try await node.desk.want(Self.digest)
    #expect(try await node.bench.catalogue.ticket(of: Self.digest) == .hashing(Self.bytes, as: Self.digest))
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    await node.close()
  }

  @Test func whatHasNoTorrentOrNoNameIsRefused() async throws {
    let node = try await SwarmNode()
    let empty = try await node.bench.pushBlob([], to: SwarmNode.open)
    #expect(await code { () async throws(RegistryError) in try await node.desk.want(empty) } == .unsupported)
    #expect(await code { () async throws(RegistryError) in try await node.desk.start(.hashing([9])) } == .blobUnknown)
    #expect(try await node.bench.catalogue.everyWish() == [:])
    await node.close()
  }

  @Test func anEngineThatRefusesLeavesNothingBehind() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.open)
    await node.publicEngine?.failSeeds(with: RegistryError(.internal, "no"))
    #expect(await code { () async throws(RegistryError) in try await node.desk.want(Self.digest) } == .internal)
    #expect(node.desk.counts.publicTorrents == 0)
    await node.publicEngine?.failSeeds(with: nil)
    try await node.desk.want(Self.digest)
    #expect(await SwarmNode.digests(in: node.publicEngine) == [Self.digest: 2])
    await node.close()
  }
}
