import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Blobs that a stranger has, fetched through the whole of the service.
struct FetchDeskTests {
  private static let bytes = seededBytes(1_000_000, seed: 1)
  private static let digest = Digest.hashing(bytes)

  @Test(arguments: TorrentVersion.allCases, [1, 16_384, 65_537, 1_000_000])
  func aFetchedBlobIsHereLinkedAndHasItsTicket(_ version: TorrentVersion, _ size: Int) async throws {
    let node = try await SwarmNode()
    let bytes = seededBytes(size, seed: 2)
    let torrent = try await node.offered(bytes, version)
    let blob = try await node.fetchDesk.fetch(node.request(torrent))
    #expect(blob == StoredBlob(digest: .hashing(bytes), size: Int64(size)))
    let reader = try await node.registry.blobs.open(blob.digest, in: SwarmNode.open)
    #expect(try await SwarmNode.read(reader) == bytes)
    #expect(try await node.bench.catalogue.ticket(of: blob.digest) == .hashing(bytes, as: blob.digest))
    #expect(node.fetches.digests == [])
    await node.close()
  }

  @Test func aBlobIsReadWhileItArrivesByAnyNumberOfReadersAndRanges() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(torrent))
    #expect(try await node.registry.blobs.size(of: Self.digest, in: SwarmNode.open) == 1_000_000)
    let ranges: [Range<Int64>] = [0..<1_000_000, 0..<1, 500_000..<700_000, 999_999..<1_000_000, 0..<100_000]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for range in ranges + ranges {
        let reader = try await node.registry.blobs.open(Self.digest, in: SwarmNode.open)
        #expect(reader.file == nil && reader.size == 1_000_000)
        group.addTask {
          let seen = try await SwarmNode.read(reader, range)
          #expect(seen == Array(Self.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
      }
      await node.swarm.allow(pieces: 5)
      await node.swarm.allow(pieces: nil)
      try await group.waitForAll()
    }
    _ = try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    await node.close()
  }

  @Test func aBlobThatArrivesForOneRepositoryIsUnknownInAnother() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 3)
    try await node.fetchDesk.begin(node.request(torrent))
    for repository in [SwarmNode.closed, Bench.repository] {
      let blobs = node.registry.blobs
      let refused = await code { () async throws(RegistryError) in try await blobs.open(Self.digest, in: repository) }
      #expect(refused == .blobUnknown)
    }
    await node.close()
  }

  /// Law 5, whole: under a true digest with false hashes every response breaks off, the bytes go, and who tries again
  /// with the true torrent gets the blob.
  @Test(arguments: [Int64(0)..<1_000_000, 0..<10, 0..<16_384, 100_000..<300_000])
  func aFalseTorrentUnderATrueDigestBreaksOffAndARetrySucceeds(_ range: Range<Int64>) async throws {
    let node = try await SwarmNode()
    let wrong = seededBytes(1_000_000, seed: 3)
    let lie = try await node.offered(wrong, as: Self.digest)
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(lie))
    let reader = try await node.registry.blobs.open(Self.digest, in: SwarmNode.open)
    async let response = code { () async throws(RegistryError) in
      var at = range.lowerBound
      while at < range.upperBound {
        at += Int64(try await reader.read(from: at, count: Int(range.upperBound - at)).count)
      }
    }
    await node.swarm.allow(pieces: nil)
    #expect(await response == .unavailable)
    let end = await code { () async throws(RegistryError) in
      try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    }
    #expect(end == .digestInvalid)
    #expect(node.fetches.digests == [])
    #expect(node.bench.blobs.digests == [])
    #expect(await node.desk.live().isEmpty)
    #expect(node.fetchDesk.vouchersOfFalsehood(for: Self.digest) == [node.stranger.address])
    // The same lie is not listened to again; the truth is.
    let refused = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(node.request(lie)) }
    #expect(refused == .digestInvalid)
    let truth = try await node.offered(Self.bytes)
    _ = try await node.fetchDesk.fetch(node.request(truth))
    let seen = try await SwarmNode.read(try await node.registry.blobs.open(Self.digest, in: SwarmNode.open))
    #expect(seen == Self.bytes)
    await node.close()
  }

  @Test func twoFetchesOfOneDigestAreOneAndEachRepositoryIsLinked() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    let repositories = (0..<8).map { Bench.name("open/app\($0 % 4)") }
    try await withThrowingTaskGroup(of: StoredBlob.self) { group in
      for repository in repositories {
        try await node.fetchDesk.begin(node.request(torrent, for: repository))
        group.addTask { try await node.fetchDesk.completion(of: Self.digest, in: repository) }
      }
      #expect(await node.fetchDesk.progress().count == 1)
      await node.swarm.allow(pieces: nil)
      for try await blob in group { #expect(blob.size == 1_000_000) }
    }
    for repository in repositories { #expect(try await node.registry.blobs.holds(Self.digest, in: repository)) }
    await node.close()
  }

  @Test func aPushOfTheSameBlobBesideItsFetchSucceedsAsTheFetchDoes() async throws {
    for pieces in [0, 7] {
      let node = try await SwarmNode()
      let torrent = try await node.offered(Self.bytes)
      await node.swarm.allow(pieces: pieces)
      try await node.fetchDesk.begin(node.request(torrent))
      try await node.bench.pushBlob(Self.bytes, to: SwarmNode.closed)
      await node.swarm.allow(pieces: nil)
      _ = try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
      for repository in [SwarmNode.open, SwarmNode.closed] {
        #expect(try await node.registry.blobs.holds(Self.digest, in: repository))
      }
      await node.close()
    }
  }

  @Test func aBlobThatIsHereIsLinkedAtOnceUnlessItsSizeSpeaksAgainstTheTorrent() async throws {
    let node = try await SwarmNode()
    try await node.bench.pushBlob(Self.bytes, to: SwarmNode.closed)
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    _ = try await node.fetchDesk.fetch(node.request(torrent))
    #expect(try await node.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    let other = try await node.offered(seededBytes(10, seed: 9), as: Self.digest)
    let refused = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(node.request(other)) }
    #expect(refused == .digestInvalid)
    await node.close()
  }

  @Test func whatCannotBeFetchedIsRefusedBeforeAByteMoves() async throws {
    var limits = RegistryLimits()
    limits.blobBytes = 999_999
    let node = try await SwarmNode(limits: limits) { $0.fetchLimits.concurrentFetches = 1 }
    await node.swarm.allow(pieces: 0)
    let large = try await node.offered(Self.bytes)
    let refused = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(node.request(large)) }
    #expect(refused == .sizeInvalid)
    let first = try await node.offered(seededBytes(10, seed: 4))
    try await node.fetchDesk.begin(node.request(first))
    let second = try await node.offered(seededBytes(10, seed: 5))
    let full = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(node.request(second)) }
    #expect(full == .tooManyRequests)
    // The same torrent cannot be that of two blobs.
    let twice = SwarmTorrent(
      digest: .hashing([1]), size: first.size, pieceBytes: first.pieceBytes, infoHash: first.infoHash, info: first.info)
    let known = await code { () async throws(RegistryError) in try await node.fetchDesk.begin(node.request(twice)) }
    #expect(known == .digestInvalid)
    await node.close()
  }

  @Test func aCancelledFetchLeavesNothing() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 4)
    try await node.fetchDesk.begin(node.request(torrent))
    let reader = try await node.registry.blobs.open(Self.digest, in: SwarmNode.open)
    async let read = code { () async throws(RegistryError) in try await reader.read(from: 999_999, count: 1) }
    #expect(await node.fetchDesk.cancel(Self.digest))
    #expect(await read == .unavailable)
    #expect(node.fetches.digests == [] && node.bench.blobs.digests == [])
    #expect(await node.desk.live().isEmpty)
    #expect(await !node.fetchDesk.cancel(Self.digest))
    await node.close()
  }

  @Test func askingAgainForABlobThatIsHereAddsNoLineToWhatEnded() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    _ = try await node.fetchDesk.fetch(node.request(torrent))
    let first = try #require(await node.fetchDesk.progress().first)
    for _ in 1...3 { _ = try await node.fetchDesk.fetch(node.request(torrent)) }
    let seen = await node.fetchDesk.progress()
    #expect(seen.map(\.digest) == [Self.digest])
    // What it took when it came is not forgotten for it.
    #expect(seen.first?.completeAfter == first.completeAfter)
    await node.close()
  }

  @Test func aFetchThatStallsEndsInTimeAndGoesOnWhenItIsAskedForAgain() async throws {
    // Hours, so that a slow machine does not reach them by itself.
    let node = try await SwarmNode { $0.fetchLimits.stalledPatience = .seconds(20_000) }
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 4)
    try await node.fetchDesk.begin(node.request(torrent))
    let reader = try await node.registry.blobs.open(Self.digest, in: SwarmNode.open)
    _ = try await reader.read(from: 0, count: 200_000)
    async let held = code { () async throws(RegistryError) in try await reader.read(from: 300_000, count: 100) }
    await node.fetchDesk.tick(at: .now + .seconds(10_000))
    #expect(await node.fetchDesk.progress().first.map { if case .arriving = $0.state { true } else { false } } == true)
    await node.fetchDesk.tick(at: .now + .seconds(20_001))
    #expect(await held == .unavailable)
    let end = await code { () async throws(RegistryError) in
      try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    }
    #expect(end == .unavailable)
    #expect(node.fetches.digests == [Self.digest])
    await node.swarm.allow(pieces: 12)
    // Sixteen pieces in all: four are there.
    _ = try await node.fetchDesk.fetch(node.request(torrent))
    await node.close()
  }

  @Test func whatStalledFetchesKeepIsBoundedAndCanBeDropped() async throws {
    let node = try await SwarmNode { $0.fetchLimits.keptFetches = 2 }
    await node.swarm.allow(pieces: 0)
    var digests: [Digest] = []
    for number: UInt8 in 1...4 {
      let torrent = try await node.offered([number])
      digests.append(torrent.digest)
      try await node.fetchDesk.begin(node.request(torrent))
      await node.fetchDesk.tick(at: .now + .seconds(1000))
      _ = await code { () async throws(RegistryError) in
        try await node.fetchDesk.completion(of: torrent.digest, in: SwarmNode.open)
      }
    }
    // The oldest goes when the next begins, and there were three by then.
    #expect(node.fetches.digests == Set(digests[1...]))
    #expect(await node.fetchDesk.cancel(digests[1]))
    #expect(node.fetches.digests == Set(digests[2...]))
    #expect(node.fetchDesk.count(of: .kept) == 4)
    await node.close()
  }

  @Test func aFullDiskEndsTheFetchAndGivesItsRoomBack() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 4)
    try await node.fetchDesk.begin(node.request(torrent))
    await node.publicEngine?.failFetches(with: RegistryError(.storageFull, "full"))
    await node.swarm.allow(pieces: nil)
    let end = await code { () async throws(RegistryError) in
      try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    }
    #expect(end == .storageFull)
    #expect(node.fetches.digests == [])
    await node.close()
  }

  @Test func aFetchGoesOnInTheNextLifeOfTheNodeForAllItsRepositories() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 9)
    let other = Bench.name("open/other")
    try await node.fetchDesk.begin(node.request(torrent))
    try await node.fetchDesk.begin(node.request(torrent, for: other))
    try await eventually("nine pieces are here") {
      await node.fetchDesk.progress().first?.verifiedBytes == 9 * 65_536
    }
    await node.close()
    #expect(node.fetches.digests == [Self.digest])
    let next = try await node.restarted()
    await node.swarm.allow(pieces: 7)
    try await next.fetchDesk.resume()
    for repository in [SwarmNode.open, other] {
      #expect(try await next.fetchDesk.completion(of: Self.digest, in: repository).size == 1_000_000)
    }
    #expect(next.fetches.digests == [])
    await next.close()
  }

  /// A node serves before it has come to what the last life left: whoever asks for a blob then must not find two fetches
  /// of it, one of which hears of no piece.
  @Test func aFetchThatIsAskedForBeforeItIsTakenUpAgainIsOneFetch() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    let other = Bench.name("open/other")
    try await node.fetchDesk.begin(node.request(torrent, for: other))
    await node.close()
    let next = try await node.restarted()
    try await next.fetchDesk.begin(node.request(torrent))
    let reader = try await next.registry.blobs.open(Self.digest, in: SwarmNode.open)
    async let read = SwarmNode.read(reader)
    try await next.fetchDesk.resume()
    await node.swarm.allow(pieces: nil)
    #expect(try await read == Self.bytes)
    _ = try await next.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    #expect(next.fetches.digests == [])
    await next.close()
  }

  @Test func aNodeThatWasKilledBetweenBytesAndNameLinksInItsNextLife() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(torrent))
    await node.close()
    try await node.bench.blobs.put(Self.bytes, as: Self.digest)
    let next = try await node.restarted()
    try await next.fetchDesk.resume()
    #expect(try await next.registry.blobs.holds(Self.digest, in: SwarmNode.open))
    #expect(next.fetches.digests == [])
    await next.close()
  }

  @Test func aNoteThatSaysNothingIsDropped() async throws {
    let node = try await SwarmNode()
    _ = try await MemoryFetchStore(fetches: node.fetches, blobs: node.bench.blobs)
      .begin(Self.digest, size: 10, note: [1, 2, 3])
    try await node.fetchDesk.resume()
    #expect(node.fetches.digests == [])
    await node.close()
  }

  @Test func readersThatGoAwayAreForgotten() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 0)
    try await node.fetchDesk.begin(node.request(torrent))
    let reader = try await node.registry.blobs.open(Self.digest, in: SwarmNode.open)
    let gone = Task { try await reader.read(from: 0, count: 1000) }
    gone.cancel()
    await #expect(throws: RegistryError.self) { try await gone.value }
    await node.swarm.allow(pieces: nil)
    _ = try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    await node.close()
  }

  /// Its torrent of version 1 need not wait for somebody to ask for it.
  @Test(arguments: [true, false])
  func aBlobThatWasFetchedOrIsHereIsHashedForVersionOneInThePublicRepository(_ isHere: Bool) async throws {
    let node = try await SwarmNode()
    node.registry.backfill.start()
    if isHere { try await node.bench.pushBlob(Self.bytes, to: SwarmNode.closed) }
    try await eventually("nothing is left from before") { node.registry.backfill.isIdle }
    let torrent = try await node.offered(Self.bytes)
    _ = try await node.fetchDesk.fetch(node.request(torrent))
    try await eventually("it is hashed") { try await node.bench.catalogue.classicPieces(of: Self.digest) != nil }
    await node.close()
  }

  @Test func progressTellsOfTheFetchAndOfItsEnd() async throws {
    let node = try await SwarmNode()
    let torrent = try await node.offered(Self.bytes)
    await node.swarm.allow(pieces: 3)
    try await node.fetchDesk.begin(node.request(torrent))
    try await eventually("three pieces are here") {
      await node.fetchDesk.progress().first?.verifiedBytes == 3 * 65_536
    }
    let during = try #require(await node.fetchDesk.progress().first)
    #expect(during.peers == 1 && during.firstPieceAfter != nil && during.completeAfter == nil)
    await node.swarm.allow(pieces: nil)
    _ = try await node.fetchDesk.completion(of: Self.digest, in: SwarmNode.open)
    let after = try #require(await node.fetchDesk.progress().first)
    #expect(after.verifiedBytes == 1_000_000 && after.completeAfter != nil)
    let isComplete = if case .complete = after.state { true } else { false }
    #expect(isComplete, "\(after.state)")
    await node.close()
  }
}
