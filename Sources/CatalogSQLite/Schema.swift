import RegistryCore

/// The tables, as the migrations that make them. A migration that was released is never edited: the next one changes
/// what it made.
enum Schema {
  /// "SHOL": tells the catalogue from other SQLite files.
  static let applicationID: Int64 = 0x5348_4F4C

  struct Migration: Sendable {
    let name: String
    let script: String
    /// What SQL alone cannot do, behind the script in the same transaction.
    var work: (@Sendable (Connection, Authorship) throws(RegistryError) -> Void)?
  }

  static let migrations = [
    Migration(name: "0001-claims", script: claims), Migration(name: "0002-torrents", script: torrents),
    Migration(name: "0003-fleet", script: fleet, work: OldClaims.sign),
    Migration(name: "0004-statements", script: statements), Migration(name: "0005-unread", script: unread),
    Migration(name: "0006-keep", script: keep),
  ]

  /// A digest as `DigestColumn` writes it.
  static func isDigest(_ column: String) -> String {
    """
    (length(\(column)) = 33 AND substr(\(column), 1, 1) = x'12'
      OR length(\(column)) = 65 AND substr(\(column), 1, 1) = x'13')
    """
  }

  private static let claims = """
    CREATE TABLE repository (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255)
    ) STRICT;

    -- Which life of this catalogue: a catalogue that was lost and made anew has another epoch.
    CREATE TABLE life (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      epoch INTEGER NOT NULL CHECK (epoch >= 1)
    ) STRICT;

    CREATE TABLE writer (
      id INTEGER PRIMARY KEY,
      node BLOB NOT NULL CHECK (length(node) = 32),
      epoch INTEGER NOT NULL CHECK (epoch >= 1),
      UNIQUE (node, epoch)
    ) STRICT;

    -- The log. Kinds: 1 manifest (key: digest), 2 tag (key: the tag); kinds of later releases are kept unread.
    -- A value that is NULL says gone. Unsigned and unchained while the node is alone.
    CREATE TABLE claim (
      writer INTEGER NOT NULL REFERENCES writer (id),
      sequence INTEGER NOT NULL CHECK (sequence >= 1),
      clock INTEGER NOT NULL CHECK (clock >= 1),
      kind INTEGER NOT NULL CHECK (kind >= 1),
      repository INTEGER NOT NULL REFERENCES repository (id),
      key BLOB NOT NULL CHECK (length(key) >= 1),
      value BLOB,
      previous_hash BLOB CHECK (length(previous_hash) = 32),
      signature BLOB CHECK (length(signature) = 64),
      PRIMARY KEY (writer, sequence)
    ) STRICT, WITHOUT ROWID;

    -- The state of a name is its last entry here, its history all of them. A writer's clock rises with each claim.
    CREATE UNIQUE INDEX claim_by_name ON claim (repository, kind, key, clock, writer);

    -- Derived from the log: manifests that are present. Bytes are last, so that reading the rest of a row skips them.
    -- documented: this node has read the manifest itself, so its needs and annotations are known.
    CREATE TABLE manifest (
      id INTEGER PRIMARY KEY,
      repository INTEGER NOT NULL REFERENCES repository (id),
      digest BLOB NOT NULL CHECK \(isDigest("digest")),
      clock INTEGER NOT NULL CHECK (clock >= 1),
      media_type TEXT NOT NULL CHECK (media_type <> ''),
      size INTEGER NOT NULL CHECK (size >= 0),
      subject BLOB CHECK (subject IS NULL OR \(isDigest("subject"))),
      artifact_type TEXT,
      documented INTEGER NOT NULL CHECK (documented IN (0, 1)),
      annotations TEXT,
      bytes BLOB CHECK (length(bytes) = size),
      UNIQUE (repository, digest)
    ) STRICT;

    CREATE INDEX manifest_by_subject ON manifest (repository, subject, digest) WHERE subject IS NOT NULL;

    -- Derived from the log: tags that name something. No foreign key to the manifest: claims of several writers may
    -- arrive in any order, so a tag may for a while name what is not present; then it resolves to nothing.
    CREATE TABLE tag (
      repository INTEGER NOT NULL REFERENCES repository (id),
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
      digest BLOB NOT NULL CHECK \(isDigest("digest")),
      clock INTEGER NOT NULL CHECK (clock >= 1),
      PRIMARY KEY (repository, name)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX tag_by_manifest ON tag (repository, digest, name);

    -- What a present manifest names. Kinds: 1 blob, 2 child manifest.
    CREATE TABLE need (
      manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
      kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
      digest BLOB NOT NULL CHECK \(isDigest("digest")),
      repository INTEGER NOT NULL REFERENCES repository (id),
      PRIMARY KEY (manifest, kind, digest)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX need_by_digest ON need (digest, repository, kind, manifest);

    -- Which repository may read which blob.
    CREATE TABLE link (
      repository INTEGER NOT NULL REFERENCES repository (id),
      digest BLOB NOT NULL CHECK \(isDigest("digest")),
      size INTEGER NOT NULL CHECK (size >= 0),
      PRIMARY KEY (repository, digest)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX link_by_digest ON link (digest, repository);

    -- Work that is owed to the disk. Numbers are never used twice, so that settling an old debt never settles a new one.
    CREATE TABLE owed_unshelving (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      repository INTEGER NOT NULL REFERENCES repository (id),
      digest BLOB NOT NULL CHECK \(isDigest("digest")),
      UNIQUE (repository, digest)
    ) STRICT;
    """
}
