import Glibc
import RegistryCore

extension SQLiteCatalog {
  /// How much memory answers may take.
  public struct CacheLimits: Sendable {
    public var manifestByteLimit = 32 << 20
    public var linkByteLimit = 16 << 20

    public init() {}
  }

  /// Opens the catalogue, and makes it when there is none. Blocks for as long as SQLite needs to recover its log, and once
  /// for some seconds when what an earlier release wrote must be signed.
  ///
  /// - Parameters:
  ///   - node: who writes. Another node than last time writes under its own name in the same epoch.
  ///   - notary: signs as `node`.
  public static func open(
    path: String, node: NodeID, notary: any ClaimNotary, clock: any WallClock, limits: CacheLimits = CacheLimits()
  ) throws(RegistryError) -> SQLiteCatalog {
    try open(path: path, by: Authorship(node: node, notary: notary, clock: clock), limits: limits)
  }

  static func open(
    path: String, by author: Authorship, limits: CacheLimits = CacheLimits(), migrations: Migrations = Migrations(),
    trace: SQLTrace? = nil
  ) throws(RegistryError) -> SQLiteCatalog {
    let connections = try OpenedConnections(path: path, author: author, migrations: migrations, trace: trace)
    let caches = CatalogCaches(manifestByteLimit: limits.manifestByteLimit, linkByteLimit: limits.linkByteLimit)
    return try SQLiteCatalog(connections: connections, author: author, caches: caches)
  }
}

/// The database, checked and ready.
struct OpenedConnections {
  let wasCreated: Bool
  let write: Connection
  let readers: [Connection]
  let log: LogEnd
  let rules: NameRules

  init(path: String, author: Authorship, migrations: Migrations, trace: SQLTrace?) throws(RegistryError) {
    wasCreated = try CatalogFiles.create(path)
    write = try Connection(path: path, access: .write, trace: trace)
    try Self.configure(write)
    try migrations.apply(to: write, by: author)
    log = try LogEnd(author, on: write)
    rules = try write.nameRules()

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
