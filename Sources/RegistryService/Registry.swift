import BlockingWork
import OpenSSLKit
import RegistryCore
import Telemetry

/// The verbs of a registry over its ports: push, pull, list, delete. It knows no protocol, no file and no database.
public struct Registry: Sendable {
  public let uploads: UploadDesk
  public let blobs: BlobDesk
  public let manifests: ManifestDesk
  public let catalogue: any Catalogue
  public let limits: RegistryLimits
  private let ports: RegistryPorts
  private let gate: KeyedGate<Digest>

  public init(_ ports: RegistryPorts, limits: RegistryLimits = RegistryLimits(), rules: RegistryRules = RegistryRules())
  {
    let gate = KeyedGate<Digest>()
    uploads = UploadDesk(ports, limits: limits, gate: gate)
    blobs = BlobDesk(ports, rules: rules, gate: gate)
    manifests = ManifestDesk(ports, limits: limits, rules: rules, gate: gate)
    catalogue = ports.catalogue
    self.limits = limits
    self.ports = ports
    self.gate = gate
  }

  /// A walk over every blob of the store.
  public func verification(quarantines: Bool) -> BlobVerification {
    BlobVerification(ports, gate: gate, quarantines: quarantines)
  }

  /// What an earlier life of the node still owed. Call it before the first request.
  public func settleDebts() async throws(RegistryError) {
    try await manifests.settleDebts()
  }
}

/// The outside of the verbs.
public struct RegistryPorts: Sendable {
  public let blobs: any BlobStore
  public let uploads: any UploadStore
  public let shelf: any ManifestShelf
  public let names: any Names
  public let catalogue: any Catalogue
  public let content: any Content
  public let tickets: any Tickets
  public let wishes: any TorrentWishes
  public let chance: any Chance
  public let clock: any WallClock
  /// For work that takes a processor long, such as hashing and parsing a manifest.
  public let work: BlockingPool
  public let log: Logger

  public init(
    blobs: any BlobStore, uploads: any UploadStore, shelf: any ManifestShelf, names: any Names,
    catalogue: any Catalogue, content: any Content, tickets: any Tickets, wishes: any TorrentWishes,
    chance: any Chance, clock: any WallClock, work: BlockingPool, log: Logger
  ) {
    self.blobs = blobs
    self.uploads = uploads
    self.shelf = shelf
    self.names = names
    self.catalogue = catalogue
    self.content = content
    self.tickets = tickets
    self.wishes = wishes
    self.chance = chance
    self.clock = clock
    self.work = work
    self.log = log
  }
}

/// What an operator decides.
public struct RegistryRules: Sendable {
  /// Accept manifests of which not every blob and child is in the repository.
  public var acceptsSparseManifests = false
  /// Refuse to delete a blob that a present manifest of the repository names.
  public var keepsNeededBlobs = false
  /// Compute what torrents of blobs and manifests need, at their push and, for what is here without, in the background.
  public var hashesTorrents = true

  public init() {}
}

extension Digest {
  /// The digest of bytes that are in memory whole.
  public init(of bytes: [UInt8], _ algorithm: Algorithm = .sha256) {
    self.init(algorithm: algorithm, hash: StreamingHash.hash(bytes, algorithm.function))
  }
}

extension Digest.Algorithm {
  public var function: StreamingHash.Function {
    switch self {
    case .sha256: .sha256
    case .sha512: .sha512
    }
  }
}
