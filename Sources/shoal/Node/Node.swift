import BlobStoreDisk
import BlockingWork
import CatalogSQLite
import Configuration
import FleetService
import Glibc
import OpenSSLKit
import RegistryCore
import RegistryService
import Telemetry

/// A data folder at work: the stores and the catalogue over it, and the registry over these. One process at a time has a
/// folder; `open` takes its lock.
final class Node: Sendable {
  let folder: DiskDataFolder
  let catalogue: SQLiteCatalog
  let registry: Registry
  let torrents: TorrentDesk
  let ports: RegistryPorts
  let work: BlockingPool
  let fleet: NodeFleet

  private static let workThreads = 2

  private init(
    _ folder: DiskDataFolder, _ catalogue: SQLiteCatalog, _ notary: NodeNotary, _ settings: Settings, _ log: Logger,
    speaksBitTorrent: Bool
  ) {
    self.folder = folder
    self.catalogue = catalogue
    work = BlockingPool(name: "work", threads: Self.workThreads)
    fleet = NodeFleet(
      FleetKeys(notary.key), FleetFiles(settings.fleet, folder.layout), settings, work: work, log: log)
    fleet.use(catalogue)
    fleet.noteMembership(fleet.files.arePapersHere)
    ports = RegistryPorts(
      blobs: folder.blobs, uploads: folder.uploads, shelf: folder.shelf, names: catalogue, catalogue: catalogue,
      content: settings.fleet.listen.isEmpty ? catalogue : fleet.announcing(catalogue), unread: catalogue,
      tickets: catalogue, wishes: catalogue, chance: SystemChance(), clock: SystemClock(), work: work, log: log,
      writing: fleet.writing, reading: fleet.reading)
    registry = Registry(
      ports, limits: RegistryLimits(settings), rules: RegistryRules(settings),
      swarm: speaksBitTorrent ? SwarmPorts(settings.torrent, folder, work: work, log: log) : nil,
      fleet: settings.fleet.listen.isEmpty ? nil : fleet,
      fetchingInto: speaksBitTorrent && !settings.fleet.listen.isEmpty ? folder.fetches : nil)
    fleet.use(registry)
    let followUp = registry.followUp
    fleet.tell { followUp?.notice() }
    torrents = TorrentDesk(ports, registry, rules: TorrentRules(settings.torrent))
  }

  /// How long `serve` waits for a command that has the folder to itself.
  static let folderPatience = Duration.seconds(2)

  /// Blocks: for the main thread before anything is served.
  /// - Parameters:
  ///   - patience: how long to wait for another process to let go of the folder.
  ///   - speaksBitTorrent: a node that serves; a command that borrows the folder speaks to nobody.
  static func open(
    _ settings: Settings, _ log: Logger, patience: Duration = .zero, speaksBitTorrent: Bool = false
  ) throws(RegistryError) -> Node {
    let folder = try claimFolder(settings, patience)
    do throws(RegistryError) {
      try refuseLostNames(folder)
      let notary = try notary(folder.layout)
      let catalogue = try SQLiteCatalog.open(
        path: folder.layout.catalogue, node: notary.node, notary: notary, clock: SystemClock(),
        limits: .init(settings.cache))
      let node = Node(folder, catalogue, notary, settings, log, speaksBitTorrent: speaksBitTorrent)
      try waitFor { () async throws(RegistryError) in try await node.registry.settleDebts() }
      return node
    } catch {
      folder.close()
      throw error
    }
  }

  /// Who this node is and signs as.
  static func notary(_ layout: DiskLayout) throws(RegistryError) -> NodeNotary {
    do throws(KeyFileError) {
      return NodeNotary(try Ed25519Key.loadOrCreate(layout.nodeKey))
    } catch {
      throw RegistryError(.internal, "the node's key cannot be used: \(error.reason)", cause: error.description)
    }
  }

  private static func claimFolder(_ settings: Settings, _ patience: Duration) throws(RegistryError) -> DiskDataFolder {
    let deadline = ContinuousClock.now + patience
    while true {
      do throws(RegistryError) {
        return try DiskDataFolder.open(settings.data, hashesTorrents: settings.hashesTorrents)
      } catch {
        guard error.code == .unavailable, ContinuousClock.now < deadline else { throw error }
      }
      waitAMoment()
    }
  }

  /// A folder that holds manifests and no catalogue, or one of no bytes, is not an empty registry: somebody lost a file. To
  /// go on with a new one would serve nothing of what is there. (A catalogue without names is none of that: the first push
  /// of all may have been killed between shelf and name.)
  private static func refuseLostNames(_ folder: DiskDataFolder) throws(RegistryError) {
    let catalogue = folder.layout.catalogue
    // A catalogue that is young may have its first bytes in the log file alone.
    guard isEmptyOrMissing(catalogue), isEmptyOrMissing(catalogue + "-wal") else { return }
    let shelf = folder.shelf
    let found = try waitFor { () async throws(RegistryError) in
      let counted = Lock(0)
      try await shelf.everyManifest { _, manifests throws(RegistryError) in counted.withLock { $0 += manifests.count } }
      return counted.withLock { $0 }
    }
    guard found == 0 else {
      throw RegistryError(
        .internal,
        "the catalogue is missing or empty and \(found) manifests are on disk; "
          + "run: shoal catalog rebuild --data \(folder.layout.root)")
    }
  }

  private static func isEmptyOrMissing(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 || status.st_size == 0
  }

  func close() async {
    await fleet.close()
    await registry.close()
    await catalogue.close()
    work.stop()
    folder.close()
  }
}

extension RegistryLimits {
  init(_ settings: Settings) {
    self.init()
    manifestBytes = settings.limits.manifestBytes
    blobBytes = settings.limits.blobBytes
    openUploads = settings.limits.uploads
    uploadExpirySeconds = Int(settings.uploads.expire.components.seconds)
    hashingBytesPerSecond = settings.torrent.hashingRateBytes
  }
}

extension TorrentRules {
  init(_ torrent: Settings.Torrent) {
    self.init()
    isEnabled = torrent.isEnabled
    publicPatterns = PublicPatterns(torrent.publicPatterns)
    trackers = torrent.trackers
    hasTracker = torrent.hasTracker
  }
}

extension Settings {
  /// Also where no torrent is ever given out: a member checks what another sends it by the hashes that torrents have.
  fileprivate var hashesTorrents: Bool { torrent.isEnabled || !fleet.listen.isEmpty }
}

extension RegistryRules {
  init(_ settings: Settings) {
    self.init()
    acceptsSparseManifests = settings.manifests.sparse
    keepsNeededBlobs = settings.blobs.deleteNeeded == .refuse
    hashesTorrents = settings.hashesTorrents
    publicPatterns = PublicPatterns(settings.torrent.isEnabled ? settings.torrent.publicPatterns : [])
  }
}

extension SQLiteCatalog.CacheLimits {
  init(_ cache: Settings.Cache) {
    self.init()
    manifestByteLimit = cache.manifestBytes
  }
}
