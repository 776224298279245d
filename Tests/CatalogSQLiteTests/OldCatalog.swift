import RegistryCore
import RegistryTesting

@testable import CatalogSQLite

/// A catalogue as releases wrote it whose claims were not signed, made without this release's code for writing.
struct OldCatalog {
  private let database: PlainDatabase

  init(_ folder: TemporaryFolder, migrations: Migrations = .unsigned, epoch: Int64 = 5) throws {
    database = try PlainDatabase(folder.database)
    try database.execute("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; BEGIN")
    for migration in migrations.known { try database.execute(migration.script) }
    try database.execute("CREATE TABLE migration (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")
    for migration in migrations.known {
      try database.execute("INSERT INTO migration (name) VALUES ('\(migration.name)')")
    }
    try database.execute(
      """
      PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(migrations.known.count);
      INSERT INTO life (only, epoch) VALUES (1, \(epoch));
      COMMIT
      """)
  }

  func execute(_ script: String) throws { try database.execute(script) }

  /// A writer's row.
  func writer(_ row: Int, node: NodeID = .test(), epoch: Int64 = 5) throws {
    try database.execute("INSERT INTO writer (id, node, epoch) VALUES (\(row), \(blob(node.bytes)), \(epoch))")
  }

  /// A claim and nothing of the state that follows from it.
  func say(_ statement: Claim.Statement, writer: Int = 1, _ sequence: Int64, at clock: Int64) throws {
    try say(statement.name, value: statement.value, writer: writer, sequence, at: clock)
  }

  func say(_ name: ClaimedName, value: [UInt8]?, writer: Int = 1, _ sequence: Int64, at clock: Int64) throws {
    try database.execute(
      """
      INSERT INTO repository (name) VALUES ('\(name.repository)') ON CONFLICT DO NOTHING;
      INSERT INTO claim (writer, sequence, clock, kind, repository, key, value)
      SELECT \(writer), \(sequence), \(clock), \(name.kind.rawValue), id, \(blob(name.key)), \(blob(value))
      FROM repository WHERE name = '\(name.repository)'
      """)
  }

  /// An image with its claims, its state and its blobs' links.
  func fill(_ name: RepositoryName, _ image: ManifestFixture, tags: [String]) throws {
    try writer(1)
    let facts = image.document.facts
    try say(.manifest(name, image.digest, .present(facts)), 1, at: 100)
    try database.execute(
      """
      INSERT INTO manifest (repository, digest, clock, media_type, size, documented, bytes, artifact_type)
      SELECT id, \(blob(image.digest.column)), 100, '\(facts.mediaType)', \(facts.size), 1,
        \(blob(image.document.bytes)), '\(facts.artifactType ?? "")'
      FROM repository WHERE name = '\(name)'
      """)
    for blob in image.document.blobs {
      try database.execute(
        """
        INSERT INTO link (repository, digest, size)
        SELECT id, \(self.blob(blob.digest.column)), \(blob.size) FROM repository WHERE name = '\(name)'
        """)
    }
    for (at, tag) in tags.enumerated() {
      try say(.tag(name, try Tag(parsing: tag), image.digest), Int64(2 + at), at: Int64(101 + at))
      try database.execute(
        """
        INSERT INTO tag (repository, name, digest, clock)
        SELECT id, '\(tag)', \(blob(image.digest.column)), \(101 + at) FROM repository WHERE name = '\(name)'
        """)
    }
  }

  private func blob(_ bytes: [UInt8]?) -> String { bytes.map { "x'\(Hex.encode($0))'" } ?? "NULL" }
}
