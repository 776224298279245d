import CSQLite
import RegistryCore

/// Brings a database to the schema of this release, or refuses it in words that help.
struct Migrations {
  let known: [Schema.Migration]

  init(_ known: [Schema.Migration] = Schema.migrations) { self.known = known }

  /// All in one transaction: a crash leaves the schema as it was or as it should be.
  func apply(to connection: Connection, by author: Authorship) throws(RegistryError) {
    try checkIdentity(of: connection)
    try connection.execute("BEGIN IMMEDIATE")
    do {
      try applyMissing(to: connection, by: author)
      try connection.execute("COMMIT")
    } catch {
      if connection.isInTransaction { try connection.execute("ROLLBACK") }
      throw error
    }
  }

  private func checkIdentity(of connection: Connection) throws(RegistryError) {
    let identity = try connection.first("PRAGMA application_id") { $0.integer(0) } ?? 0
    let version = try connection.first("PRAGMA user_version") { $0.integer(0) } ?? 0
    let tables = try connection.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) } ?? 0
    if identity == 0, tables == 0 { return }
    guard identity == Schema.applicationID else {
      throw RegistryError(
        .internal, "the catalogue's file is an SQLite database, but not Shoal's; move it away or restore the right one",
        cause: "application_id is \(identity)")
    }
    guard version <= known.count else { throw Self.newer("schema \(version), this release knows \(known.count)") }
  }

  private func applyMissing(to connection: Connection, by author: Authorship) throws(RegistryError) {
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS migration (
        position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE
      ) STRICT;
      """)
    let applied = try connection.all("SELECT name FROM migration ORDER BY position") { $0.text(0) }
    for (name, expected) in zip(applied, known) where name != expected.name {
      throw Self.newer("migration '\(name)' where this release has '\(expected.name)'")
    }
    if applied.count > known.count { throw Self.newer("migration '\(applied[known.count])'") }
    guard applied.count < known.count else { return }
    for migration in known[applied.count...] {
      try connection.execute(migration.script)
      try migration.work?(connection, author)
      try connection.run("INSERT INTO migration (name) VALUES (?1)", .text(migration.name))
    }
    try connection.execute("PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(known.count)")
  }

  private static func newer(_ what: String) -> RegistryError {
    RegistryError(
      .unsupported, "the catalogue was written by a newer release of shoal: start that release, or restore a backup",
      cause: what)
  }
}
