import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// Pushed to one member, pulled from another that never saw it.
struct FarContentTests {
  private static let layer = seededBytes(1_000_000, seed: 3)
  private static let digest = Digest.hashing(layer)

  /// Members 1 and 2 hold the image; 9 has heard of it. What the claims bring is said by hand here.
  private struct Fleet {
    let nodes = JoinedNodes()
    let one: SwarmNode
    let two: SwarmNode
    let far: SwarmNode
    let manifest: PushedManifest

    init(limits: (inout SwarmPorts) -> Void = { _ in }) async throws {
      let nodes = nodes
      one = try await SwarmNode()
      two = try await SwarmNode()
      far = try await SwarmNode(fleet: nodes.others(than: 9), limits)
      nodes.add(one.registry, as: 1)
      nodes.add(two.registry, as: 2)
      nodes.add(far.registry, as: 9)
      let pushed = try await Self.push(to: one)
      _ = try await Self.push(to: two)
      manifest = pushed.manifest
      far.bench.catalogue.hear(of: manifest.digest, pushed.facts, tag: Bench.tag("1"), in: Bench.repository)
    }

    private static func push(to node: SwarmNode) async throws -> (manifest: PushedManifest, facts: ManifestFacts) {
      let bench = node.bench
      let config = try await bench.pushBlob(Bench.bytes("{}"))
      let layer = try await bench.pushBlob(FarContentTests.layer)
      let bytes = Bench.manifest(config: (config, 2), layer: (layer, FarContentTests.layer.count))
      let pushed = try await bench.registry.manifests.push(
        bytes, contentType: Bench.imageType, to: .tag(Bench.tag("1")), in: Bench.repository)
      return (pushed, try ManifestDocument(bytes: bytes, contentType: Bench.imageType).facts)
    }

    /// As a client does: the manifest by tag, then the layer.
    func learnManifest() async throws {
      let manifest = try await far.registry.manifests.resolve(.tag(Bench.tag("1")), in: Bench.repository)
      let bytes = try await far.registry.manifests.bytes(of: manifest, in: Bench.repository)
      #expect(Digest.hashing(bytes) == self.manifest.digest)
    }

    /// Nobody else answers from now on.
    func leaveFarAlone() {
      for number in [1, 2] as [UInt8] { nodes.set(number) { $0.isAway = true } }
    }

    /// What the image is made of, as a client pushes it.
    func pushBlobsToFar(_ repository: RepositoryName = Bench.repository) async throws {
      for bytes in [Bench.bytes("{}"), FarContentTests.layer] { try await far.bench.pushBlob(bytes, to: repository) }
    }

    /// A manifest of the same blobs that is not the one that was pushed.
    static var another: [UInt8] {
      let (config, layer) = (Digest.hashing(Bench.bytes("{}")), FarContentTests.digest)
      return Bench.manifest(config: (config, 2), layer: (layer, FarContentTests.layer.count)) + Bench.bytes("\n")
    }

    func readLayer(_ range: Range<Int64>? = nil) async throws -> [UInt8] {
      try await SwarmNode.read(
        try await far.registry.blobs.open(FarContentTests.digest, in: Bench.repository), range)
    }

    func close() async {
      nodes.openGate()
      for node in [one, two, far] { await node.close() }
    }
  }

  @Test func whatWasPushedThereIsPulledHereByTagAndIsHereFromThenOn() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    #expect(try await fleet.far.registry.blobs.size(of: Self.digest, in: Bench.repository) == 1_000_000)
    #expect(try await !fleet.far.registry.blobs.holds(Self.digest, in: Bench.repository))
    #expect(try await fleet.readLayer() == Self.layer)
    _ = try await fleet.far.fetchDesk.completion(of: Self.digest, in: Bench.repository)
    #expect(try await fleet.far.registry.blobs.holds(Self.digest, in: Bench.repository))

    fleet.leaveFarAlone()
    try await fleet.learnManifest()
    #expect(try await fleet.readLayer() == Self.layer)
    #expect(fleet.nodes.sentBytes(by: 1) + fleet.nodes.sentBytes(by: 2) == Self.layer.count)
    await fleet.close()
  }

  @Test func aDigestAloneReadsNothing() async throws {
    let fleet = try await Fleet()
    let blobs = fleet.far.registry.blobs
    let (other, alien) = (SwarmNode.open, Digest.hashing([7]))
    let questions = fleet.nodes.questions
    do {
      let refused = await code { () async throws(RegistryError) in try await blobs.open(Self.digest, in: other) }
      #expect(refused == .blobUnknown)
    }
    do {
      let refused = await code { () async throws(RegistryError) in try await blobs.size(of: Self.digest, in: other) }
      #expect(refused == .blobUnknown)
    }
    #expect(fleet.nodes.questions == questions, "nothing of that repository is known to be elsewhere")
    try await fleet.learnManifest()
    do {
      let refused = await code { () async throws(RegistryError) in try await blobs.open(alien, in: Bench.repository) }
      #expect(refused == .blobUnknown, "no manifest names it")
    }
    await fleet.close()
  }

  @Test func aBlobIsHadBeforeAnybodyAskedForItsManifest() async throws {
    let fleet = try await Fleet()
    #expect(try await fleet.far.registry.blobs.size(of: Self.digest, in: Bench.repository) == 1_000_000)
    #expect(fleet.nodes.questions == 2, "the manifest was asked for, and who holds the blob")
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  @Test func aManifestThatNobodyHasIsNotAskedForWithEachBlob() async throws {
    let fleet = try await Fleet()
    fleet.leaveFarAlone()
    let (blobs, began) = (fleet.far.registry.blobs, ContinuousClock.now)
    for _ in 0..<3 {
      let refused = await code { () async throws(RegistryError) in
        try await blobs.size(of: Self.digest, in: Bench.repository)
      }
      #expect(refused == .blobUnknown, "a push then brings it back")
    }
    let refused = await code { () async throws(RegistryError) in
      try await blobs.open(Self.digest, in: Bench.repository)
    }
    #expect(refused == .unavailable, "and who wants it comes again")
    // It is asked for again each five seconds at most.
    let pauses = Int(began.duration(to: .now) / .seconds(5))
    #expect(1...(1 + pauses) ~= fleet.nodes.questions)
    await fleet.close()
  }

  /// Tags the image of the fleet, or its like, on the node that has none of its blobs.
  private func push(_ bytes: [UInt8], to far: SwarmNode, _ repository: RepositoryName) async -> RegistryError.Code? {
    let manifests = far.registry.manifests
    return await code { () async throws(RegistryError) in
      try await manifests.push(bytes, contentType: Bench.imageType, to: .tag(Bench.tag("new")), in: repository)
    }
  }

  @Test func aManifestIsTakenWhenMembersHoldItsBlobsForTheRepository() async throws {
    let fleet = try await Fleet()
    let config = Digest.hashing(Bench.bytes("{}"))
    func image(_ layer: Digest, size: Int) -> [UInt8] {
      Bench.manifest(config: (config, 2), layer: (layer, size)) + Bench.bytes("\n")
    }
    let good = image(Self.digest, size: 1_000_000)
    let bad = [
      ("a size that it has not", image(Self.digest, size: 999_999), Bench.repository),
      ("a repository that has it nowhere", good, SwarmNode.open),
      ("a blob that nobody has", image(.hashing([1]), size: 1), Bench.repository),
    ]
    for (what, bytes, repository) in bad {
      #expect(await push(bytes, to: fleet.far, repository) == .manifestBlobUnknown, "\(what)")
    }
    #expect(try await fleet.far.bench.shelved().isEmpty)
    #expect(await push(good, to: fleet.far, Bench.repository) == nil)
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  /// The layer went with its last holder: who asks for it before a push is told to push it.
  @Test func whatNobodyHoldsAnyMoreIsPushedAgain() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.leaveFarAlone()
    let blobs = fleet.far.registry.blobs
    for digest in [Digest.hashing(Bench.bytes("{}")), Self.digest] {
      let refused = await code { () async throws(RegistryError) in
        try await blobs.size(of: digest, in: Bench.repository)
      }
      #expect(refused == .blobUnknown)
    }
    try await fleet.pushBlobsToFar()
    #expect(await push(Fleet.another, to: fleet.far, Bench.repository) == nil)
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  /// No member can give it, and this node has it, as another repository's.
  @Test func aManifestIsTakenWithWhatThisNodeHasUnderAnotherName() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.leaveFarAlone()
    try await fleet.pushBlobsToFar(SwarmNode.open)
    let refused = await push(Fleet.another, to: fleet.far, SwarmNode.closed)
    #expect(refused == .manifestBlobUnknown, "no manifest of it names them")
    #expect(await push(Fleet.another, to: fleet.far, Bench.repository) == nil)
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  @Test func whatAPresentManifestNamesIsNotDeleted() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    let blobs = fleet.far.registry.blobs
    let delete = { () async -> RegistryError.Code? in
      await code { () async throws(RegistryError) in try await blobs.delete(Self.digest, from: Bench.repository) }
    }
    #expect(await delete() == .blobNeeded)
    _ = try await fleet.readLayer()
    _ = try await fleet.far.fetchDesk.completion(of: Self.digest, in: Bench.repository)
    #expect(await delete() == .blobNeeded)
    // Alone, a node does as it is told, and asks nobody.
    fleet.nodes.dissolve()
    #expect(await delete() == nil)
    let refused = await code { () async throws(RegistryError) in try await blobs.open(Self.digest, in: Bench.repository)
    }
    #expect(refused == .blobUnknown)
    await fleet.close()
  }

  @Test func anEmptyBlobNeedsNobody() async throws {
    let fleet = try await Fleet()
    let empty = Digest.hashing([])
    let config = Digest.hashing(Bench.bytes("{}"))
    let bytes = Bench.manifest(config: (config, 2), layer: (empty, 0))
    #expect(await push(bytes, to: fleet.far, Bench.repository) == nil)
    let reader = try await fleet.far.registry.blobs.open(empty, in: Bench.repository)
    #expect(reader.size == 0)
    await fleet.close()
  }

  @Test func aMemberThatFailsInTheMiddleIsNotNoticedByTheReader() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    for number in [1, 2] as [UInt8] { fleet.nodes.set(number) { $0.breaksOffAfter = 600_000 } }
    #expect(try await fleet.readLayer() == Self.layer)
    // Whichever is asked first breaks off, and the other one sends the rest, from the piece that was cut.
    let sent = ([1, 2] as [UInt8]).map { fleet.nodes.sentBytes(by: $0) }
    #expect(sent.sorted() == [Self.layer.count - 9 * 65_536, 600_000])
    await fleet.close()
  }

  @Test func aPieceThatIsWrongIsNotKeptAndItsSenderIsAskedNoMore() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.nodes.set(1) { $0.liesInPiece = 3 }
    #expect(try await fleet.readLayer() == Self.layer)
    #expect(fleet.nodes.sentBytes(by: 1) < Self.layer.count)
    await fleet.close()
  }

  @Test func aFalseTicketEndsInABrokenReadAndTheNextOneSucceeds() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    var other = Self.layer
    other[700_000] ^= 1
    let ticket = try #require(SwarmTicket.hashing(other, as: Self.digest))
    // It vouches for the ticket of other bytes, and sends those.
    fleet.one.replace(Self.digest, with: other)
    fleet.nodes.set(1) { $0.falseTicket = ticket }
    await #expect(throws: RegistryError.self) { _ = try await fleet.readLayer() }
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  @Test func nobodyWhoHoldsItIsSaidAtOnce() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.leaveFarAlone()
    let blobs = fleet.far.registry.blobs
    do {
      let refused = await code { () async throws(RegistryError) in
        try await blobs.open(Self.digest, in: Bench.repository)
      }
      #expect(refused == .unavailable)
    }
    fleet.nodes.set(2) { $0.isAway = false }
    #expect(try await fleet.readLayer() == Self.layer)
    await fleet.close()
  }

  @Test func manyReadersShareOneArrival() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.nodes.closeGate()
    let ranges: [Range<Int64>] = [0..<1_000_000, 900_000..<1_000_000, 500_000..<500_001, 0..<10]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for range in ranges + ranges {
        group.addTask {
          let seen = try await fleet.readLayer(range)
          #expect(seen == Array(Self.layer[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
      }
      fleet.nodes.openGate()
      try await group.waitForAll()
    }
    #expect(fleet.nodes.sentBytes(by: 1) + fleet.nodes.sentBytes(by: 2) == Self.layer.count)
    await fleet.close()
  }

  @Test func aManifestWithOtherBytesIsRefusedAndNotKept() async throws {
    let fleet = try await Fleet()
    for number in [1, 2] as [UInt8] { fleet.nodes.set(number) { $0.liesInManifests = true } }
    let desk = fleet.far.registry.manifests
    let manifest = try await desk.resolve(.tag(Bench.tag("1")), in: Bench.repository)
    do {
      let refused = await code { () async throws(RegistryError) in
        try await desk.bytes(of: manifest, in: Bench.repository)
      }
      #expect(refused == .unavailable)
    }
    for number in [1, 2] as [UInt8] { fleet.nodes.set(number) { $0.liesInManifests = false } }
    try await fleet.learnManifest()
    await fleet.close()
  }

  @Test func theNextLifeAsksOnlyForWhatIsMissing() async throws {
    let fleet = try await Fleet()
    try await fleet.learnManifest()
    fleet.nodes.set(1) { $0.isAway = true }
    fleet.nodes.set(2) { $0.breaksOffAfter = 600_000 }
    await #expect(throws: RegistryError.self) { _ = try await fleet.readLayer() }
    let arrived = fleet.nodes.sentBytes(by: 2)
    #expect(arrived == 600_000)
    await fleet.far.close()

    fleet.nodes.set(2) { $0.breaksOffAfter = nil }
    let next = try await fleet.far.restarted(fleet: fleet.nodes.others(than: 9))
    try await next.fetchDesk.resume()
    _ = try await next.fetchDesk.completion(of: Self.digest, in: Bench.repository)
    let reader = try await next.registry.blobs.open(Self.digest, in: Bench.repository)
    #expect(try await SwarmNode.read(reader) == Self.layer)
    // Whole pieces of what had arrived were kept: two parts may have been cut within one.
    #expect(fleet.nodes.sentBytes(by: 2) - arrived <= Self.layer.count - arrived + 2 * 65_536)
    await next.close()
    await fleet.close()
  }
}
