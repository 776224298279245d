import BlockingWork
import RegistryCore
import RegistryService
import RegistryTesting
import Telemetry

/// A registry over in-memory ports, with the ports in reach of the test.
final class Bench: Sendable {
  let blobs: MemoryBlobStore
  let staging = MemoryStaging()
  let shelf = MemoryManifestShelf()
  let clock = HandClock()
  let catalogue: MemoryCatalog
  let ports: RegistryPorts
  let registry: Registry
  private let work = BlockingPool(name: "work", threads: 1)
  /// Whose ports these are, and whose threads.
  private let earlier: Bench?

  static let repository = name("team/app")
  static let imageType = MediaType.ociManifest

  /// - Parameter hashesTorrents: `false`: pushes leave no tickets, as before there were torrents.
  init(
    limits: RegistryLimits = RegistryLimits(), rules: RegistryRules = RegistryRules(), hashesTorrents: Bool = true,
    blobs: MemoryBlobStore = MemoryBlobStore(), swarm: SwarmPorts? = nil, fleet: (any FleetBytes)? = nil,
    reading: NameReading = NameReading()
  ) {
    self.blobs = blobs
    earlier = nil
    var rules = rules
    rules.hashesTorrents = hashesTorrents
    catalogue = MemoryCatalog(node: NodeID([UInt8](repeating: 1, count: NodeID.byteCount))!, clock: clock)
    ports = RegistryPorts(
      blobs: blobs, uploads: MemoryUploadStore(staging: staging, blobs: blobs, hashesTorrents: hashesTorrents),
      shelf: shelf, names: catalogue,
      catalogue: catalogue, content: catalogue, unread: catalogue, tickets: catalogue, wishes: catalogue,
      chance: CountingChance(), clock: clock, work: work, log: Logger.silent, reading: reading)
    registry = Registry(ports, limits: limits, rules: rules, swarm: swarm, fleet: fleet)
  }

  /// The next life over the same disk and catalogue, with peers.
  init(after bench: Bench, rules: RegistryRules, swarm: SwarmPorts, fleet: (any FleetBytes)? = nil) {
    (blobs, catalogue, ports) = (bench.blobs, bench.catalogue, bench.ports)
    registry = Registry(bench.ports, rules: rules, swarm: swarm, fleet: fleet)
    earlier = bench
  }

  deinit { work.stop() }

  /// The same disk and catalogue after a restart: a registry that remembers nothing.
  func restarted() -> Registry { Registry(ports) }

  // MARK: - Fixtures

  static func name(_ text: String) -> RepositoryName {
    guard let name = try? RepositoryName(parsing: text) else { preconditionFailure("\(text) is no name") }
    return name
  }

  static func tag(_ text: String) -> Tag {
    guard let tag = try? Tag(parsing: text) else { preconditionFailure("\(text) is no tag") }
    return tag
  }

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @discardableResult
  func pushBlob(_ bytes: [UInt8], to repository: RepositoryName = repository) async throws -> Digest {
    let visit = try await registry.uploads.begin(in: repository)
    try await visit.append(bytes)
    return try await visit.finish(as: Digest(of: bytes)).digest
  }

  /// An image of one layer that holds `content`, under the tag.
  @discardableResult
  func pushImage(_ content: String, tag: String) async throws -> Digest {
    let manifest = try await image(content)
    return try await registry.manifests.push(
      manifest, contentType: Self.imageType, to: .tag(Self.tag(tag)), in: Self.repository
    ).digest
  }

  /// An index of nothing: the least manifest there is.
  @discardableResult
  func pushIndex(to repository: RepositoryName) async throws -> Digest {
    let index = try ManifestFixture.index([])
    return try await registry.manifests.push(
      index.document.bytes, contentType: nil, to: .digest(index.digest), in: repository
    ).digest
  }

  /// The manifest of such an image, its blobs pushed.
  func image(_ content: String) async throws -> [UInt8] {
    let config = try await pushBlob(Self.bytes("{}"))
    let layer = try await pushBlob(Self.bytes(content))
    return Self.manifest(config: (config, 2), layer: (layer, content.utf8.count))
  }

  static func manifest(config: (Digest, Int), layer: (Digest, Int)) -> [UInt8] {
    bytes(
      """
      {"schemaVersion":2,"mediaType":"\(imageType)",\
      "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\(config.0)","size":\(config.1)},\
      "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\(layer.0)","size":\(layer.1)}]}
      """)
  }

  func shelved() async throws -> [ShelvedManifest] {
    let found = Lock<[ShelvedManifest]>([])
    try await shelf.everyManifest { _, manifests in found.withLock { $0 += manifests } }
    return found.withLock { $0 }
  }
}

/// A clock that stands until a test moves it.
final class HandClock: WallClock {
  private let now = Lock<Int64>(1_800_000_000_000)

  var millisecondsSince1970: Int64 { now.withLock { $0 } }

  func move(seconds: Int) { now.withLock { $0 += Int64(seconds) * 1000 } }
}

private final class CountingChance: Chance {
  private let count = Lock<UInt8>(0)

  func bytes(_ count: Int) -> [UInt8] {
    let number = self.count.withLock { count -> UInt8 in
      count += 1
      return count
    }
    return [UInt8](repeating: number, count: count)
  }
}

/// The code of the error that `body` throws; `nil` when it throws none.
func code<Success>(_ body: () async throws(RegistryError) -> Success) async -> RegistryError.Code? {
  do throws(RegistryError) {
    _ = try await body()
    return nil
  } catch {
    return error.code
  }
}
