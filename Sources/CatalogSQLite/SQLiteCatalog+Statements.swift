import RegistryCore

extension SQLiteCatalog: Statements {
  public func all(on shelf: StatementShelf) async throws(RegistryError) -> [Statement] {
    try await readers.read { connection throws(RegistryError) in
      try connection.all("SELECT key, value FROM statement WHERE shelf = ?1 ORDER BY key", .integer(shelf.rawValue)) {
        Statement(key: $0.blob(0), value: $0.blob(1))
      }
    }
  }

  public func keep(_ changes: [StatementChange]) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in
      for change in changes { try transaction.keep(change) }
    }
  }
}

extension WriteTransaction {
  fileprivate func keep(_ change: StatementChange) throws(RegistryError) {
    let (shelf, key) = (SQLValue.integer(change.shelf.rawValue), SQLValue.blob(change.key))
    guard let value = change.value else {
      try connection.run("DELETE FROM statement WHERE shelf = ?1 AND key = ?2", shelf, key)
      return
    }
    try connection.run(
      """
      INSERT INTO statement (shelf, key, value) VALUES (?1, ?2, ?3)
      ON CONFLICT (shelf, key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
      """, shelf, key, .blob(value))
  }
}
