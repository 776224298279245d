import BlockingWork
import RegistryCore
import RegistryService
import RegistryTesting
import Testing

/// No private blob is ever in the session that strangers reach: random walks over everything that makes torrents live,
/// rest, public and private, from several tasks at once.
struct PrivacyWalkTests {
  @Test(arguments: 0..<12) func noPrivateBlobIsEverLiveToStrangers(_ run: Int) async throws {
    let seed = run < 6 ? UInt64(run) : UInt64.random(in: 6 ... .max)
    print("privacy walk, seed \(seed)")
    let walk = try await PrivacyWalk(seed: seed)
    try await walk.play()
    #expect(walk.livePublicly > 0, "a walk in which nothing is public proves nothing (seed \(seed))")
    await walk.node.close()
  }
}

private final class PrivacyWalk: Sendable {
  let node: SwarmNode
  private let random: Lock<SeededNumbers>
  private let blobs: [[UInt8]]
  private let seen = Lock(0)

  private static let repositories = ["open/a", "open/b", "closed/a", "closed/b"].map { Bench.name($0) }
  private static let patterns = [["open/*"], ["closed/a"], [], ["**"], ["open/a", "closed/b"]]

  var livePublicly: Int { seen.withLock { $0 } }

  init(seed: UInt64) async throws {
    random = Lock(SeededNumbers(seed: seed))
    blobs = (1...6).map { seededBytes($0 * 700, seed: UInt64($0)) }
    node = try await SwarmNode(patterns: ["open/*"]) { $0.rules.publicLiveMax = 7 }
  }

  /// Alternates between several tasks at once, and one, after each of whose steps all is looked at.
  func play() async throws {
    for _ in 0..<12 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { for _ in 0..<12 { try await self.step() } } }
        try await group.waitForAll()
      }
      try await check()
      for _ in 0..<12 {
        try await step()
        try await check()
      }
    }
  }

  private func check() async throws {
    let patterns = node.desk.publicPatterns
    for (digest, count) in await SwarmNode.digests(in: node.publicEngine) {
      let holders = try await node.bench.catalogue.repositories(holding: digest)
      #expect(
        holders.contains { patterns.matches($0) }, "\(digest) is held by \(holders), public is \(patterns.patterns)")
      let wish = try await node.bench.catalogue.wish(for: digest)
      #expect(wish != .stopped)
      seen.withLock { $0 += count }
    }
    #expect(await SwarmNode.digests(in: node.publicEngine).values.reduce(0, +) <= node.desk.rules.publicLiveMax)
    // The table knows all that is in the engines.
    let counts = node.desk.counts
    #expect(await node.fleet.live().count == counts.fleetTorrents)
    #expect(await (node.publicEngine?.live() ?? []).count == counts.publicTorrents)
  }

  private func step() async throws {
    let (choice, blob, repository, patterns) = random.withLock { random in
      (
        Int.random(in: 0..<100, using: &random), blobs.randomElement(using: &random) ?? [],
        Self.repositories.randomElement(using: &random) ?? Bench.repository,
        Self.patterns.randomElement(using: &random) ?? []
      )
    }
    let digest = Digest.hashing(blob)
    switch choice {
    case 0..<25: try await node.bench.pushBlob(blob, to: repository)
    case 25..<45:
      try await mayBeRefused { () async throws(RegistryError) in
        try await self.node.registry.blobs.delete(digest, from: repository)
      }
    case 45..<75: try await mayBeRefused { () async throws(RegistryError) in try await self.node.desk.want(digest) }
    case 75..<80: try await mayBeRefused { () async throws(RegistryError) in try await self.node.desk.start(digest) }
    case 80..<84: try await node.desk.stop(digest)
    case 84..<90: try await node.desk.forgetWish(digest)
    case 90..<94: await node.desk.sweep(at: .now + .seconds(601))
    case 94..<97: try await node.desk.set(PublicPatterns(patterns))
    default: try await fetch(blob, for: repository)
    }
  }

  private func fetch(_ blob: [UInt8], for repository: RepositoryName) async throws {
    let torrent = try await node.offered(blob, random.withLock { Bool.random(using: &$0) } ? .v1 : .v2)
    try await mayBeRefused { () async throws(RegistryError) in
      _ = try await self.node.fetchDesk.fetch(self.node.request(torrent, for: repository))
    }
  }

  /// What is not there, is stopped, has no room, or arrives by another torrent just now.
  private func mayBeRefused(_ body: () async throws(RegistryError) -> Void) async throws {
    do throws(RegistryError) {
      try await body()
    } catch {
      switch error.code {
      case .blobUnknown, .denied, .tooManyRequests, .unsupported, .unavailable, .digestInvalid, .fetchConflict: return
      default: throw error
      }
    }
  }
}
