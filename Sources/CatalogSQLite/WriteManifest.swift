import FoundationEssentials
import RegistryCore

/// Rows of a present manifest.
extension WriteTransaction {
  /// Larger manifests are read from their blob.
  static let inlineByteLimit = 256 * 1024

  /// A manifest that somebody claims to be present. Where this node has read it, its own words count for what is in it:
  /// a claim of another decides that it is there, since when and under what media type.
  func writeManifest(
    _ digest: Digest, _ facts: ManifestFacts, clock: Int64, document: ManifestDocument?,
    in repository: KnownRepository
  ) throws(RegistryError) {
    if let document {
      try writeDocumented(digest, document, as: facts.mediaType, clock: clock, in: repository)
    } else {
      try writeClaimed(digest, facts, clock: clock, in: repository)
    }
    // What is present again is not owed to be removed any more.
    try connection.run(
      "DELETE FROM owed_unshelving WHERE repository = ?1 AND digest = ?2",
      .integer(repository.row), .blob(digest.column))
  }

  private func writeClaimed(
    _ digest: Digest, _ facts: ManifestFacts, clock: Int64, in repository: KnownRepository
  ) throws(RegistryError) {
    try connection.run(
      """
      INSERT INTO manifest (repository, digest, clock, media_type, size, subject, artifact_type, documented)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)
      ON CONFLICT (repository, digest) DO UPDATE SET
        clock = excluded.clock, media_type = excluded.media_type, size = iif(documented, size, excluded.size),
        subject = iif(documented, subject, excluded.subject),
        artifact_type = iif(documented, artifact_type, excluded.artifact_type)
      WHERE clock <> excluded.clock OR media_type <> excluded.media_type OR size <> excluded.size
        OR subject IS NOT excluded.subject OR artifact_type IS NOT excluded.artifact_type
      """,
      .integer(repository.row), .blob(digest.column), .integer(clock), .text(facts.mediaType.text),
      .integer(Int64(facts.size)), .blob(orNull: facts.subject?.column), .text(orNull: facts.artifactType))
  }

  private func writeDocumented(
    _ digest: Digest, _ document: ManifestDocument, as mediaType: MediaType, clock: Int64,
    in repository: KnownRepository
  ) throws(RegistryError) {
    let facts = document.facts
    let bytes = document.bytes.count <= Self.inlineByteLimit ? document.bytes : nil
    let row = try connection.first(
      """
      INSERT INTO manifest
        (repository, digest, clock, media_type, size, subject, artifact_type, documented, annotations, bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9)
      ON CONFLICT (repository, digest) DO UPDATE SET
        clock = excluded.clock, media_type = excluded.media_type, size = excluded.size, subject = excluded.subject,
        artifact_type = excluded.artifact_type, documented = 1, annotations = excluded.annotations,
        bytes = excluded.bytes
      RETURNING id
      """,
      .integer(repository.row), .blob(digest.column), .integer(clock), .text(mediaType.text),
      .integer(Int64(facts.size)), .blob(orNull: facts.subject?.column), .text(orNull: facts.artifactType),
      .text(orNull: try Self.annotations(of: document)), .blob(orNull: bytes)
    ) { $0.integer(0) }
    guard let row else { throw .damaged("a manifest vanished") }
    try writeNeeds(of: row, document, in: repository)
  }

  private func writeNeeds(
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
