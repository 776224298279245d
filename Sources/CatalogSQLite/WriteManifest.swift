import FoundationEssentials
import RegistryCore

/// Rows of a present manifest.
extension WriteTransaction {
  /// Larger manifests are read from their blob.
  static let inlineByteLimit = 256 * 1024

  /// Returns the manifest's row.
  func writeManifest(
    _ digest: Digest, _ facts: ManifestFacts, clock: Int64, document: ManifestDocument?,
    in repository: KnownRepository
  ) throws(RegistryError) -> Int64 {
    let bytes = document.flatMap { $0.bytes.count <= Self.inlineByteLimit ? $0.bytes : nil }
    let row = try connection.first(
      """
      INSERT INTO manifest
        (repository, digest, clock, media_type, size, subject, artifact_type, documented, annotations, bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      ON CONFLICT (repository, digest) DO UPDATE SET
        clock = excluded.clock, media_type = excluded.media_type, size = excluded.size, subject = excluded.subject,
        artifact_type = excluded.artifact_type, documented = max(documented, excluded.documented),
        annotations = iif(excluded.documented, excluded.annotations, annotations),
        bytes = iif(excluded.documented, excluded.bytes, bytes)
      RETURNING id
      """,
      .integer(repository.row), .blob(digest.column), .integer(clock), .text(facts.mediaType.text),
      .integer(Int64(facts.size)), .blob(orNull: facts.subject?.column), .text(orNull: facts.artifactType),
      .integer(document == nil ? 0 : 1), .text(orNull: try document.flatMap(Self.annotations)),
      .blob(orNull: bytes)
    ) { $0.integer(0) }
    guard let row else { throw .damaged("a manifest vanished") }
    return row
  }

  func writeNeeds(
    of row: Int64, _ document: ManifestDocument, in repository: KnownRepository
  ) throws(RegistryError) {
    try connection.run("DELETE FROM need WHERE manifest = ?1", .integer(row))
    for (kind, descriptors) in [(NeedKind.blob, document.blobs), (.child, document.children)] {
      for descriptor in descriptors {
        try connection.run(
          """
          INSERT INTO need (manifest, kind, digest, repository) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING
          """,
          .integer(row), .integer(kind.rawValue), .blob(descriptor.digest.column), .integer(repository.row))
      }
    }
  }

  /// Only the referrers API reports annotations, so only manifests with a subject keep them.
  private static func annotations(of document: ManifestDocument) throws(RegistryError) -> String? {
    guard document.facts.subject != nil, !document.annotations.isEmpty else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      return String(decoding: try encoder.encode(document.annotations), as: UTF8.self)
    } catch {
      throw RegistryError(.internal, "the manifest's annotations could not be kept", cause: "\(error)")
    }
  }
}

enum NeedKind: Int64 {
  case blob = 1
  case child = 2
}
