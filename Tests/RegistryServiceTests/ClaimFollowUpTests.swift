import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// What other members' claims leave to do.
struct ClaimFollowUpTests {
  private let nodes = JoinedNodes()

  private func pair() async throws -> (one: SwarmNode, far: SwarmNode) {
    let (one, far) = (try await SwarmNode(), try await SwarmNode(fleet: nodes.others(than: 9)))
    nodes.add(one.registry, as: 1)
    nodes.add(far.registry, as: 9)
    return (one, far)
  }

  /// Pushed to one, and heard of by the other.
  private func push(_ content: String, to one: SwarmNode, heardBy far: SwarmNode) async throws -> Digest {
    let digest = try await one.bench.pushImage(content, tag: content)
    let manifest = try await one.registry.manifests.resolve(.digest(digest), in: Bench.repository)
    let bytes = try #require(manifest.bytes)
    let facts = try ManifestDocument(bytes: bytes, contentType: Bench.imageType).facts
    far.bench.catalogue.hear(of: digest, facts, tag: Bench.tag(content), in: Bench.repository)
    return digest
  }

  private func isHere(_ digest: Digest, _ node: SwarmNode) async throws -> Bool {
    let manifest = try await node.registry.manifests.resolve(.digest(digest), in: Bench.repository)
    return try await node.registry.manifests.bytesHere(of: manifest) != nil
  }

  @Test func whatWasHeardOfIsFetchedUnasked() async throws {
    let (one, far) = try await pair()
    let early = try await push("early", to: one, heardBy: far)
    let followUp = try #require(far.registry.followUp)
    followUp.start()
    try await eventually("what an earlier life left") { try await isHere(early, far) }
    var later: [Digest] = []
    for number in 0..<10 { later.append(try await push("later-\(number)", to: one, heardBy: far)) }
    followUp.notice()
    for digest in later { try await eventually("what came since") { try await isHere(digest, far) } }
    let questions = nodes.questions
    #expect(try await far.registry.blobs.size(of: .hashing(Bench.bytes("early")), in: Bench.repository) == 5)
    #expect(nodes.questions == questions + 1, "who holds the blob, and nothing of its manifest")
    await far.close()
    await one.close()
  }

  @Test func whatNobodyHadIsTriedAgain() async throws {
    let (one, far) = try await pair()
    let digest = try await push("content", to: one, heardBy: far)
    nodes.set(1) { $0.isAway = true }
    let before = nodes.questions
    far.registry.followUp?.start()
    try await eventually("the first attempt") { nodes.questions > before }
    nodes.set(1) { $0.isAway = false }
    try await eventually("another attempt") { try await isHere(digest, far) }
    await far.close()
    await one.close()
  }

  @Test func whatWentLeavesTheShelf() async throws {
    let (one, far) = try await pair()
    let digest = try await push("content", to: one, heardBy: far)
    let followUp = try #require(far.registry.followUp)
    followUp.start()
    try await eventually("it is on the shelf") { try await far.bench.shelved().map(\.digest) == [digest] }
    far.bench.catalogue.hear(thatWent: digest, from: Bench.repository)
    followUp.notice()
    try await eventually("it is not") { try await far.bench.shelved().isEmpty }
    try await eventually("nothing is owed") { try await far.bench.catalogue.owedUnshelvings(limit: 1).isEmpty }
    await far.close()
    await one.close()
  }

  @Test func nothingIsAskedOnceItIsStopped() async throws {
    let (one, far) = try await pair()
    let followUp = try #require(far.registry.followUp)
    followUp.start()
    await followUp.stop()
    let before = nodes.questions
    _ = try await push("content", to: one, heardBy: far)
    followUp.notice()
    await followUp.stop()
    #expect(nodes.questions == before)
    await far.close()
    await one.close()
  }
}

struct RetryTableTests {
  private let start = ContinuousClock.now

  @Test func eachFailureDoublesThePauseUpToALimit() {
    var table = RetryTable<Int>(limit: 10)
    var now = start
    var pauses: [Duration] = []
    for _ in 0..<12 {
      table.failed(1, at: now)
      pauses.append(now.duration(to: table.nextDue ?? now))
      #expect(table.isWaiting(1, at: now) && table.due(at: now, limit: 9).isEmpty)
      now = table.nextDue ?? now
      #expect(!table.isWaiting(1, at: now) && table.due(at: now, limit: 9) == [1])
    }
    #expect(pauses.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    #expect(pauses.last == .seconds(300))
    table.succeeded(1)
    #expect(table.count == 0 && table.nextDue == nil)
  }

  @Test func whatDoesNotFitIsNotRemembered() {
    var table = RetryTable<Int>(limit: 2)
    for key in 1...3 { table.failed(key, at: start) }
    #expect(table.count == 2 && !table.isWaiting(3, at: start))
  }
}
