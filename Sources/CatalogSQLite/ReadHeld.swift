import RegistryCore

extension SQLiteCatalog: HeldBlobs {
  public func held(after last: Digest?, limit: Int) async throws(RegistryError) -> [Digest] {
    try await readers.read { connection throws(RegistryError) in
      try connection.all(
        """
        SELECT DISTINCT digest FROM link INDEXED BY link_by_digest WHERE digest > ?1 ORDER BY digest LIMIT ?2
        """,
        .blob(last?.column ?? []), .integer(Int64(max(0, limit)))
      ) { row throws(RegistryError) in try row.digest(0) }
    }
  }
}
