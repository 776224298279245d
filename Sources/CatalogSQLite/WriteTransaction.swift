import RegistryCore

/// What a write does its work with, on the writer's thread, between BEGIN and COMMIT.
struct WriteTransaction {
  let connection: Connection
  let clock: any WallClock
  let notary: any ClaimNotary
  /// The wall clock when the transaction began, as the members correct it: one fence for all that is done in it.
  var now: Int64
  var log: LogEnd
  /// What decides between claims.
  var rules: NameRules
  /// The answers that this transaction changes; they leave the caches before anyone can see the change.
  var touched = Touched()
}

/// Keys of cached answers.
struct Touched {
  var manifests: [ManifestKey] = []
  var links: [LinkKey] = []
  /// More than is worth a list: no answer about a manifest is kept.
  var everyManifest = false
}

/// A repository that has its row.
struct KnownRepository: Hashable {
  let row: Int64
  let name: RepositoryName
}

extension WriteTransaction {
  func repository(_ name: RepositoryName) throws(RegistryError) -> KnownRepository? {
    try connection.repositoryRow(name).map { KnownRepository(row: $0, name: name) }
  }

  /// Rows of repositories stay for good: their names are few and their history is theirs.
  func repositoryOrNew(_ name: RepositoryName) throws(RegistryError) -> KnownRepository {
    if let known = try repository(name) { return known }
    try connection.run("INSERT INTO repository (name) VALUES (?1)", .text(name.text))
    guard let made = try repository(name) else { throw .damaged("a repository vanished") }
    return made
  }
}

extension Connection {
  func repositoryRow(_ name: RepositoryName) throws(RegistryError) -> Int64? {
    try first("SELECT id FROM repository WHERE name = ?1", .text(name.text)) { $0.integer(0) }
  }
}
