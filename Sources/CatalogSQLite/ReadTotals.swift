import RegistryCore

/// How many blobs are linked here, and their bytes; one that several repositories hold counts once.
public struct LinkedTotals: Hashable, Sendable {
  public let blobs: Int64
  public let bytes: Int64
}

extension Connection {
  /// Walks through an index: milliseconds for each ten thousand blobs.
  func linkedTotals() throws(RegistryError) -> LinkedTotals {
    try first(
      """
      SELECT count(*), coalesce(sum(size), 0) FROM (SELECT max(size) AS size FROM link GROUP BY digest)
      """
    ) { LinkedTotals(blobs: $0.integer(0), bytes: $0.integer(1)) } ?? LinkedTotals(blobs: 0, bytes: 0)
  }
}

extension SQLiteCatalog {
  public func linkedTotals() async throws(RegistryError) -> LinkedTotals {
    try await readers.read { connection throws(RegistryError) in try connection.linkedTotals() }
  }

  /// Whether any blob is linked to the repository.
  public func holdsBlobs(of repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await readers.read { connection throws(RegistryError) in
      guard let row = try connection.repositoryRow(repository) else { return false }
      return try connection.first("SELECT 1 FROM link WHERE repository = ?1 LIMIT 1", .integer(row)) { _ in true }
        ?? false
    }
  }
}
