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
  /// To begin with before what names stand for is looked up in the catalogue.
  public let reading: NameReading
  public let tickets: TicketDesk
  public let backfill: TicketBackfill
  public let quarantine: BlobQuarantine
  /// Live torrents; `nil` for a node without BitTorrent.
  public let swarm: SwarmDesk?
  /// Blobs that are fetched from peers and members; `nil` for a node without either.
  public let fetches: FetchDesk?
  /// Members that sent wrong bytes.
  public let bans: BannedMembers
  /// Lets other members into the swarms of what is here; `nil` for a node without BitTorrent.
  public let reception: SwarmReception?
  /// What other members' claims leave to do; `nil` for a node that is in no fleet.
  public let followUp: ClaimFollowUp?
  public let limits: RegistryLimits
  let ports: RegistryPorts

  /// - Parameters:
  ///   - swarm: `nil`: this node speaks no BitTorrent.
  ///   - fleet: other members; `nil`: the node is alone.
  ///   - store: where what they hold arrives on a node without BitTorrent.
  public init(
    _ ports: RegistryPorts, limits: RegistryLimits = RegistryLimits(), rules: RegistryRules = RegistryRules(),
    swarm: SwarmPorts? = nil, fleet: (any FleetBytes)? = nil, fetchingInto store: (any FetchStore)? = nil
  ) {
    let gate = KeyedGate<Digest>()
    let bans = BannedMembers(log: ports.log)
    self.bans = bans
    quarantine = BlobQuarantine(ports, gate: gate)
    tickets = TicketDesk(ports, quarantine)
    backfill = TicketBackfill(ports, tickets, limits: limits, rules: rules)
    let swarmDesk = swarm.map { [tickets, quarantine] in SwarmDesk(ports, $0, tickets, quarantine) }
    self.swarm = swarmDesk
    fetches = (swarm?.fetches ?? store).map { [backfill] store in
      FetchDesk(
        ports, store, swarm?.fetchLimits ?? FetchLimits(), swarm: swarmDesk, fleet: fleet, bans: bans, limits: limits,
        gate: gate, backfill: backfill)
    }
    reception = swarmDesk.flatMap { [fetches, tickets] desk in
      fetches.map { SwarmReception(ports, desk, $0.fetches, tickets, bans) }
    }
    let far = fleet.flatMap { [fetches] fleet in
      fetches.map { FarContent(ports, fleet, fetches: $0, bans: bans, gate: gate, rules: rules) }
    }
    uploads = UploadDesk(ports, limits: limits, gate: gate, backfill: backfill, swarm: swarmDesk)
    blobs = BlobDesk(
      ports, rules: rules, gate: gate, backfill: backfill, arriving: fetches?.fetches, swarm: swarmDesk, far: far)
    manifests = ManifestDesk(
      ports, limits: limits, rules: rules, gate: gate, backfill: backfill, swarm: swarmDesk, far: far)
    let desk = manifests
    followUp = fleet.flatMap { fleet in far.map { ClaimFollowUp(ports, $0, fleet, desk) } }
    catalogue = ports.catalogue
    reading = ports.reading
    self.limits = limits
    self.ports = ports
  }

  /// Ends what goes on in the background, before the ports close. Safe twice.
  public func close() async {
    await followUp?.stop()
    await fetches?.close()
    await backfill.stop()
    await swarm?.close()
  }

  /// A walk over every blob of the store.
  public func verification(quarantines: Bool) -> BlobVerification {
    BlobVerification(ports, quarantine, quarantines: quarantines)
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
  public let unread: any UnreadManifests
  public let tickets: any Tickets
  public let wishes: any TorrentWishes
  public let chance: any Chance
  public let clock: any WallClock
  /// For work that takes a processor long, such as hashing and parsing a manifest.
  public let work: BlockingPool
  public let log: Logger
  public let writing: NameWriting
  public let reading: NameReading

  public init(
    blobs: any BlobStore, uploads: any UploadStore, shelf: any ManifestShelf, names: any Names,
    catalogue: any Catalogue, content: any Content, unread: any UnreadManifests, tickets: any Tickets,
    wishes: any TorrentWishes, chance: any Chance, clock: any WallClock, work: BlockingPool, log: Logger,
    writing: NameWriting = NameWriting(), reading: NameReading = NameReading()
  ) {
    self.blobs = blobs
    self.uploads = uploads
    self.shelf = shelf
    self.names = names
    self.catalogue = catalogue
    self.content = content
    self.unread = unread
    self.tickets = tickets
    self.wishes = wishes
    self.chance = chance
    self.clock = clock
    self.work = work
    self.log = log
    self.writing = writing
    self.reading = reading
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
  /// Where torrents of version 1 are computed as well.
  public var publicPatterns = PublicPatterns([])

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
