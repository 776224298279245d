import RegistryCore

/// What could be read from a catalogue that is given up.
public struct Salvage: Sendable {
  /// Where the tags pointed, as far as they could be read.
  public let tags: [SalvagedTag]
  /// What operators decided about torrents, as far as it could be read.
  public let wishes: [Digest: TorrentWish]
  /// What the node was told of its fleet, as far as it could be read.
  public let statements: [StatementChange]
  /// The epoch in which the catalogue wrote; 0 when it could not be read.
  public let epoch: Int64
  /// The fleet whose chain the catalogue wrote in; none when it could not be read.
  public let fleet: FleetID
  /// What ended the reading early, for the log. `nil`: all was read.
  public let failure: RegistryError?
}

extension SQLiteCatalog {
  /// Reads what tags and wishes it can from a catalogue that nobody has open and that may be damaged. Changes nothing in it.
  ///
  /// Each table is read from its front until the damage and from its back until the damage, so that what lies behind a
  /// broken page is saved too. Blocks.
  public static func salvage(path: String) -> Salvage {
    do {
      let connection = try Connection(path: path, access: .read)
      let epoch = try connection.first("SELECT epoch FROM life") { $0.integer(0) } ?? 0
      // A catalogue from before fleets has no such column, and is in none.
      let knowsFleets = try connection.first(
        "SELECT 1 FROM pragma_table_info('life') WHERE name = 'fleet'", read: { _ in true })
      let fleet = try knowsFleets.flatMap { _ throws(RegistryError) in
        try connection.first("SELECT fleet FROM life") { row throws(RegistryError) in try row.fleet(0) }
      }
      var reading = SalvageReading(connection: connection)
      reading.readRepositories()
      reading.readTags()
      // A catalogue from before torrents has no such table.
      let hasWishes = try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'torrent_wish'") { _ in true }
      if hasWishes != nil { reading.readWishes() }
      let hasStatements = try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'statement'") { _ in true }
      if hasStatements != nil { reading.readStatements() }
      return Salvage(
        tags: reading.tags, wishes: reading.wishes, statements: reading.statements, epoch: epoch, fleet: fleet ?? .none,
        failure: reading.failure)
    } catch {
      return Salvage(tags: [], wishes: [:], statements: [], epoch: 0, fleet: .none, failure: error)
    }
  }
}

private struct SalvageReading {
  let connection: Connection
  private var repositories: [Int64: RepositoryName] = [:]
  private(set) var tags: [SalvagedTag] = []
  private(set) var wishes: [Digest: TorrentWish] = [:]
  private(set) var statements: [StatementChange] = []
  private(set) var failure: RegistryError?

  init(connection: Connection) { self.connection = connection }

  mutating func readRepositories() {
    let readWhole = scan("SELECT id, name FROM repository NOT INDEXED ORDER BY id") { $0.keepRepository($1) }
    if readWhole { return }
    scan("SELECT id, name FROM repository NOT INDEXED ORDER BY id DESC") { $0.keepRepository($1) }
  }

  mutating func readTags() {
    let readWhole = scan("SELECT repository, name, digest FROM tag ORDER BY repository, name") { $0.keepTag($1) }
    if readWhole { return }
    scan("SELECT repository, name, digest FROM tag ORDER BY repository DESC, name DESC") { $0.keepTag($1) }
    var seen: Set<SalvagedTag> = []
    tags.removeAll { !seen.insert($0).inserted }
  }

  mutating func readWishes() {
    let readWhole = scan("SELECT digest, wish FROM torrent_wish ORDER BY digest") { $0.keepWish($1) }
    if !readWhole { scan("SELECT digest, wish FROM torrent_wish ORDER BY digest DESC") { $0.keepWish($1) } }
  }

  /// Each speaks for itself and is signed: half of them are better than none.
  mutating func readStatements() {
    let readWhole = scan("SELECT shelf, key, value FROM statement ORDER BY shelf, key") { $0.keepStatement($1) }
    if readWhole { return }
    scan("SELECT shelf, key, value FROM statement ORDER BY shelf DESC, key DESC") { $0.keepStatement($1) }
  }

  /// Reads until the end or the damage. `false`: it was the damage.
  @discardableResult
  private mutating func scan(_ sql: StaticString, keep: (inout SalvageReading, Row) -> Void) -> Bool {
    do {
      try connection.each(sql) { keep(&self, $0) }
      return true
    } catch {
      failure = error
      return false
    }
  }

  // A row that does not parse is damage too, but only its own.

  private mutating func keepRepository(_ row: Row) {
    do { repositories[row.integer(0)] = try row.repositoryName(1) } catch { failure = error }
  }

  private mutating func keepWish(_ row: Row) {
    do { wishes[try row.digest(0)] = try row.wish(1) } catch { failure = error }
  }

  private mutating func keepStatement(_ row: Row) {
    guard let shelf = StatementShelf(rawValue: row.integer(0)) else { return }
    statements.append(StatementChange(shelf, key: row.blob(1), value: row.blob(2)))
  }

  private mutating func keepTag(_ row: Row) {
    guard let repository = repositories[row.integer(0)] else { return }
    do {
      tags.append(SalvagedTag(repository: repository, tag: try row.tag(1), digest: try row.digest(2)))
    } catch {
      failure = error
    }
  }
}
