import Glibc
import RegistryCore

extension SQLiteCatalog {
  /// How much memory answers may take.
  public struct CacheLimits: Sendable {
    public var manifestByteLimit = 32 << 20
    public var linkByteLimit = 16 << 20

    public init() {}
  }

  /// Opens the catalogue, and makes it when there is none. Blocks for as long as SQLite needs to recover its log.
  ///
  /// - Parameters:
  ///   - node: who writes. Another node than last time writes under its own name in the same epoch.
  ///   - epochFloor: a catalogue made now has an epoch above this.
  public static func open(
    path: String, node: NodeID, clock: any WallClock, limits: CacheLimits = CacheLimits(), epochFloor: Int64 = 0
  ) throws(RegistryError) -> SQLiteCatalog {
    try open(path: path, node: node, clock: clock, limits: limits, epochFloor: epochFloor, trace: nil)
  }

  static func open(
    path: String, node: NodeID, clock: any WallClock, limits: CacheLimits = CacheLimits(), epochFloor: Int64 = 0,
    migrations: Migrations = Migrations(), trace: SQLTrace?
  ) throws(RegistryError) -> SQLiteCatalog {
    let connections = try OpenedConnections(
      path: path, node: node, clock: clock, epochFloor: epochFloor, migrations: migrations, trace: trace)
    let caches = CatalogCaches(manifestByteLimit: limits.manifestByteLimit, linkByteLimit: limits.linkByteLimit)
    return SQLiteCatalog(connections: connections, clock: clock, caches: caches)
  }
}

/// The database, checked and ready.
struct OpenedConnections {
  let wasCreated: Bool
  let writer: WriterID
  let write: Connection
  let readers: [Connection]
  let log: LogEnd

  init(
    path: String, node: NodeID, clock: any WallClock, epochFloor: Int64, migrations: Migrations, trace: SQLTrace?
  ) throws(RegistryError) {
    wasCreated = try CatalogFiles.create(path)
    write = try Connection(path: path, access: .write, trace: trace)
    try Self.configure(write)
    try migrations.apply(to: write)
    log = try LogEnd(node: node, clock: clock, epochFloor: epochFloor, on: write)
    let epoch = try write.first("SELECT epoch FROM life") { $0.integer(0) }
    guard let epoch else { throw .damaged("no epoch") }
    writer = WriterID(node: node, epoch: epoch)

    var readers: [Connection] = []
    for _ in 0..<SQLiteCatalog.readerCount {
      readers.append(try Connection(path: path, access: .read, trace: trace))
    }
    self.readers = readers
  }

  private static func configure(_ connection: Connection) throws(RegistryError) {
    // The first read of the file: it fails here when this is no database.
    let mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
    guard mode == "wal" else {
      throw RegistryError(
        .internal, "the data folder's file system cannot hold the catalogue: it needs shared memory (no WAL)",
        cause: "journal_mode is \(mode ?? "nothing")")
    }
    // Debian's SQLite writes zeros over what is deleted unless told not to; nothing in here is a secret that would
    // earn the writes.
    try connection.execute(
      """
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA secure_delete = OFF;
      PRAGMA trusted_schema = OFF;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -16384;
      """)
  }
}
