import CSQLite
import RegistryCore

/// The row that a statement stands on. Valid until the statement steps on: read it at once.
struct Row {
  private let statement: OpaquePointer

  init(_ statement: OpaquePointer) { self.statement = statement }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  func text(_ column: Int32) -> String {
    // The pointer first: asking for the text may change the length.
    guard let start = sqlite3_column_text(statement, column) else { return "" }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func textOrNil(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  func blob(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(statement, column) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
  }

  func blobOrNil(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }
}

// MARK: - Nouns in columns: what was parsed once on its way in is checked again, since a disk may have changed it.

extension Row {
  func digest(_ column: Int32) throws(RegistryError) -> Digest {
    guard let digest = Digest(column: blob(column)) else { throw .damaged("a digest of \(blob(column).count) bytes") }
    return digest
  }

  func digestOrNil(_ column: Int32) throws(RegistryError) -> Digest? {
    isNull(column) ? nil : try digest(column)
  }

  func repositoryName(_ column: Int32) throws(RegistryError) -> RepositoryName {
    do { return try RepositoryName(parsing: text(column)) } catch { throw .damaged("a repository name") }
  }

  func tag(_ column: Int32) throws(RegistryError) -> Tag {
    do { return try Tag(parsing: text(column)) } catch { throw .damaged("a tag") }
  }

  func mediaType(_ column: Int32) throws(RegistryError) -> MediaType {
    guard let mediaType = MediaType(parsing: text(column)) else { throw .damaged("a media type") }
    return mediaType
  }

  /// media type, size, subject, artifact type: four columns from `start`.
  func facts(from start: Int32) throws(RegistryError) -> ManifestFacts {
    ManifestFacts(
      mediaType: try mediaType(start), size: Int(integer(start + 1)), subject: try digestOrNil(start + 2),
      artifactType: textOrNil(start + 3))
  }

  func node(_ column: Int32) throws(RegistryError) -> NodeID {
    guard let node = NodeID(blob(column)) else { throw .damaged("a node's id") }
    return node
  }

  func fleet(_ column: Int32) throws(RegistryError) -> FleetID {
    guard let fleet = FleetID(blob(column)) else { throw .damaged("a fleet's id") }
    return fleet
  }

  /// node, epoch: two columns from `start`.
  func writer(from start: Int32) throws(RegistryError) -> WriterID {
    WriterID(node: try node(start), epoch: integer(start + 1))
  }

  /// repository's name, kind, key: three columns from `start`.
  func claimedName(from start: Int32) throws(RegistryError) -> ClaimedName {
    ClaimedName(
      repository: try repositoryName(start), kind: ClaimKind(rawValue: integer(start + 1)), key: blob(start + 2))
  }

  /// repository's name, kind, key, value, sequence, clock, previous hash, signature: eight columns from `start`.
  func signedClaim(of writer: WriterID, from start: Int32) throws(RegistryError) -> SignedClaim {
    let name = try claimedName(from: start)
    guard let previous = ClaimHash(blob(start + 6)) else { throw .damaged("a claim's hash") }
    let body = SignedClaim.Body(
      writer: writer, sequence: integer(start + 4), clock: HybridTime(rawValue: integer(start + 5)), kind: name.kind,
      repository: name.repository, key: name.key, value: blobOrNil(start + 3), previous: previous)
    guard let claim = SignedClaim(body, signature: blob(start + 7)) else { throw .damaged("a claim's signature") }
    return claim
  }
}
