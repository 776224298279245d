import RegistryCore

/// Rules that change. The names whose state they may change are noted with the rules, in one transaction, and derived
/// anew in small ones: whoever pushes meanwhile waits for one of these, and a crash in between is made up for on opening.
extension WriteTransaction {
  mutating func change(to new: NameRules) throws(RegistryError) {
    guard new != rules else { return }
    let old = rules
    try connection.keep(new)
    rules = new
    for repository in try everyRepository() {
      let (before, after) = (old.verdict(on: repository.name), new.verdict(on: repository.name))
      if before.writers != after.writers {
        try noteNames(of: repository, kinds: [.manifest, .tag])
      } else if before.immutableSince != after.immutableSince {
        try noteNames(of: repository, kinds: [.tag])
      }
    }
    for (row, writer) in try connection.everyWriter() where old.limit(of: writer) != new.limit(of: writer) {
      try noteNames(ofWriter: row, after: min(old.limit(of: writer), new.limit(of: writer)))
    }
  }

  /// Derives so many of the noted names anew.
  /// - Returns: whether there may be more.
  mutating func deriveStale(limit: Int) throws(RegistryError) -> Bool {
    let names = try connection.all(
      """
      SELECT repository.id, repository.name, kind, key
      FROM stale_name JOIN repository ON repository.id = stale_name.repository LIMIT ?1
      """,
      .integer(Int64(limit))
    ) { row throws(RegistryError) in try row.knownName(from: 0) }
    for name in names {
      try derive(name)
      try connection.run(
        "DELETE FROM stale_name WHERE repository = ?1 AND kind = ?2 AND key = ?3", .integer(name.repository.row),
        .integer(name.kind.rawValue), .blob(name.key))
    }
    return names.count == limit
  }

  func note(_ name: ClaimedName) throws(RegistryError) {
    guard let repository = try repository(name.repository) else { return }
    try connection.run(
      "INSERT INTO stale_name (repository, kind, key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
      .integer(repository.row), .integer(name.kind.rawValue), .blob(name.key))
  }

  private func noteNames(of repository: KnownRepository, kinds: [ClaimKind]) throws(RegistryError) {
    for kind in kinds {
      try connection.run(
        """
        INSERT INTO stale_name (repository, kind, key)
        SELECT DISTINCT repository, kind, key FROM claim WHERE repository = ?1 AND kind = ?2
        ON CONFLICT DO NOTHING
        """,
        .integer(repository.row), .integer(kind.rawValue))
    }
  }

  func noteNames(ofWriter row: Int64, after sequence: Int64) throws(RegistryError) {
    try connection.run(
      """
      INSERT INTO stale_name (repository, kind, key)
      SELECT repository, kind, key FROM claim WHERE writer = ?1 AND sequence > ?2
      ON CONFLICT DO NOTHING
      """,
      .integer(row), .integer(sequence))
  }

  private func everyRepository() throws(RegistryError) -> [KnownRepository] {
    try connection.all("SELECT id, name FROM repository") { row throws(RegistryError) in
      KnownRepository(row: row.integer(0), name: try row.repositoryName(1))
    }
  }
}

extension NameRules {
  /// What the rules say of a whole repository.
  fileprivate func verdict(on repository: RepositoryName) -> (writers: Set<NodeID>?, immutableSince: HybridTime?) {
    (writers.first { $0.repositories.matches(repository) }?.nodes, immutableSince(in: repository))
  }
}

extension SQLiteCatalog {
  /// About 20 ms of the writer's time.
  static let namesPerTransaction = 1_000

  func change(to rules: NameRules) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in try transaction.change(to: rules) }
    while try await commits.write({ transaction throws(RegistryError) in
      try transaction.deriveStale(limit: Self.namesPerTransaction)
    }) {}
  }
}
