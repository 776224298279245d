import BlockingWork
import RegistryCore
import RegistryService
import RegistryTesting
import Telemetry

/// A node that speaks to peers in memory, and a stranger among these who has blobs.
final class SwarmNode: Sendable {
  let swarm: MemorySwarm
  let fleet: MemorySwarmEngine
  let stranger: MemorySwarmEngine
  let fetches: MemoryFetches
  let store = HeldFetchStore()
  /// While there is one, no public session can be opened.
  let publicFailure: Lock<RegistryError?>
  let bench: Bench
  /// Every public session that the node made, the last one last.
  private let made: Lock<[MemorySwarmEngine]>
  private let tries: Lock<Int>

  static let open = Bench.name("open/app")
  static let closed = Bench.name("closed/app")
  /// Only what never comes takes so long. All suites at once under the thread sanitizer keep a task waiting for half a
  /// minute.
  static let patience = Duration.seconds(120)

  var registry: Registry { bench.registry }
  var desk: SwarmDesk { bench.registry.swarm! }
  var fetchDesk: FetchDesk { bench.registry.fetches! }
  var publicEngine: MemorySwarmEngine? { made.withLock { $0.last }.flatMap { $0.endpoint == nil ? nil : $0 } }
  var publicTries: Int { tries.withLock { $0 } }
  var publicEngines: Int { made.withLock { $0.count } }

  convenience init(
    patterns: [String] = ["open/**"], limits: RegistryLimits = RegistryLimits(), publicFailure: RegistryError? = nil,
    fleet: (any FleetBytes)? = nil, among swarm: MemorySwarm = MemorySwarm(),
    _ change: (inout SwarmPorts) -> Void = { _ in }
  ) async throws {
    try await self.init(
      swarm, stranger: swarm.makeEngine(), MemoryFetches(), patterns: patterns, publicFailure, change,
      makeBench: {
        Bench(
          limits: limits, rules: Self.rules(patterns), blobs: MemoryBlobStore(opensFiles: true), swarm: $0, fleet: fleet
        )
      })
  }

  /// The same disk and catalogue in the next life, among the same peers. This one was closed.
  func restarted(
    patterns: [String] = ["open/**"], fleet: (any FleetBytes)? = nil, _ change: (inout SwarmPorts) -> Void = { _ in }
  ) async throws -> SwarmNode {
    try await SwarmNode(
      swarm, stranger: stranger, fetches, patterns: patterns, nil, change,
      makeBench: { Bench(after: self.bench, rules: Self.rules(patterns), swarm: $0, fleet: fleet) })
  }

  private static func rules(_ patterns: [String]) -> RegistryRules {
    var rules = RegistryRules()
    rules.publicPatterns = PublicPatterns(patterns)
    return rules
  }

  private init(
    _ swarm: MemorySwarm, stranger: MemorySwarmEngine, _ fetches: MemoryFetches, patterns: [String],
    _ failure: RegistryError?, _ change: (inout SwarmPorts) -> Void, makeBench: (SwarmPorts) -> Bench
  ) async throws {
    let made = Lock<[MemorySwarmEngine]>([])
    (self.swarm, self.stranger, self.fetches, self.made) = (swarm, stranger, fetches, made)
    let (publicFailure, tries) = (Lock(failure), Lock(0))
    self.tries = tries
    self.publicFailure = publicFailure
    fleet = swarm.makeEngine()
    var ports = SwarmPorts(
      fleet: fleet,
      makePublic: { () async throws(RegistryError) in
        tries.withLock { $0 += 1 }
        if let failure = publicFailure.withLock({ $0 }) { throw failure }
        let engine = swarm.makeEngine()
        made.withLock { $0.append(engine) }
        return engine
      }, fetches: store)
    ports.rules.publicPatterns = PublicPatterns(patterns)
    // A machine that runs all tests at once, under a sanitizer, may be slow to hash.
    ports.rules.hashingPatience = .seconds(600)
    change(&ports)
    bench = makeBench(ports)
    store.stand(on: MemoryFetchStore(fetches: fetches, blobs: bench.blobs))
    do throws(RegistryError) {
      try await desk.open()
    } catch {
      guard failure != nil else { throw error }
    }
  }

  /// The stranger seeds the bytes; to the node they are to be a blob of that digest.
  func offered(
    _ bytes: [UInt8], as digest: Digest? = nil, _ version: TorrentVersion = .v2
  ) async throws -> SwarmTorrent {
    let torrent = try Self.torrent(bytes, version, as: digest ?? Digest.hashing(bytes))
    try await stranger.seed(torrent, from: NamelessFile.holding(bytes), observer: { _ in })
    return torrent
  }

  func request(_ torrent: SwarmTorrent, for repository: RepositoryName = open) -> FetchRequest {
    FetchRequest(torrent: torrent, peers: [stranger.address], repository: repository, session: .public)
  }

  static func torrent(_ bytes: [UInt8], _ version: TorrentVersion, as digest: Digest) throws -> SwarmTorrent {
    switch version {
    case .v2:
      guard let ticket = SwarmTicket.hashing(bytes, as: digest) else { throw Empty() }
      return SwarmTorrent(ticket)
    case .v1:
      return SwarmTorrent(ClassicPieces.hashing(bytes, as: digest))
    }
  }

  /// The digests of all torrents in an engine.
  static func digests(in engine: MemorySwarmEngine?) async -> [Digest: Int] {
    await (engine?.live() ?? []).reduce(into: [:]) { $0[$1.digest, default: 0] += 1 }
  }

  /// All bytes from an offset to an end, as a response sends them.
  static func read(_ reader: any BlobReader, _ range: Range<Int64>? = nil) async throws -> [UInt8] {
    let range = range ?? 0..<reader.size
    var bytes: [UInt8] = []
    while Int64(bytes.count) < range.upperBound - range.lowerBound {
      let offset = range.lowerBound + Int64(bytes.count)
      let piece = try await reader.read(from: offset, count: Int(min(256 << 10, range.upperBound - offset)))
      guard !piece.isEmpty else { break }
      bytes += piece
    }
    return bytes
  }

  /// It knows of an image by what another said that took it: its config `{}`, and this layer.
  func hear(of layer: [UInt8], pushedTo origin: SwarmNode) async throws {
    let config = try await origin.bench.pushBlob(Bench.bytes("{}"))
    let pushed = try await origin.bench.pushBlob(layer)
    let bytes = Bench.manifest(config: (config, 2), layer: (pushed, layer.count))
    let manifest = try await origin.registry.manifests.push(
      bytes, contentType: Bench.imageType, to: .tag(Bench.tag("1")), in: Bench.repository)
    let facts = try ManifestDocument(bytes: bytes, contentType: Bench.imageType).facts
    bench.catalogue.hear(of: manifest.digest, facts, tag: Bench.tag("1"), in: Bench.repository)
  }

  /// The store's bytes of a blob become others behind the node's back.
  func replace(_ digest: Digest, with bytes: [UInt8]) { bench.blobs.rot(digest, to: bytes) }

  func close() async { await registry.close() }

  private struct Empty: Error {}
}

/// Waits for what some other task brings about.
func eventually(
  _ what: String, within patience: Duration = SwarmNode.patience, _ isSo: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + patience
  while try await !isSo() {
    guard ContinuousClock.now < deadline else { throw NotInTime(what: what) }
    // What is waited for has no event of its own; the pause leaves the processor to whoever brings it about.
    try await Task.sleep(for: .milliseconds(2))
  }
}

struct NotInTime: Error, CustomStringConvertible {
  let what: String

  var description: String { "not in time: \(what)" }
}
