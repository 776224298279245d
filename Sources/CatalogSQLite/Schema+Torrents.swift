extension Schema {
  /// What was computed of blobs for their torrents, and what operators decided about them. Keyed by digest alone: the same
  /// bytes have the same torrent in every repository.
  ///
  /// - recipe: which rule made the row (`TorrentRecipe.version`); rows of another rule count as absent and are replaced.
  /// - short_hash: the info hash as peers write it. Not unique by a constraint: that would let a push fail.
  /// - Hashes of pieces lie in tables of their own, so that a walk over thousands of tickets reads none of them.
  static let torrents = """
    CREATE TABLE ticket (
      digest BLOB NOT NULL PRIMARY KEY CHECK \(isDigest("digest")),
      recipe INTEGER NOT NULL CHECK (recipe >= 1),
      size INTEGER NOT NULL CHECK (size >= 1),
      pieces_root BLOB NOT NULL CHECK (length(pieces_root) = 32),
      short_hash BLOB NOT NULL CHECK (length(short_hash) = 20)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX ticket_by_hash ON ticket (short_hash);

    -- Only of tickets with more than one piece.
    CREATE TABLE ticket_layer (
      digest BLOB NOT NULL PRIMARY KEY REFERENCES ticket (digest) ON DELETE CASCADE,
      hashes BLOB NOT NULL CHECK (length(hashes) >= 64 AND length(hashes) % 32 = 0)
    ) STRICT;

    CREATE TABLE classic (
      digest BLOB NOT NULL PRIMARY KEY CHECK \(isDigest("digest")),
      recipe INTEGER NOT NULL CHECK (recipe >= 1),
      size INTEGER NOT NULL CHECK (size >= 1),
      short_hash BLOB NOT NULL CHECK (length(short_hash) = 20)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX classic_by_hash ON classic (short_hash);

    CREATE TABLE classic_pieces (
      digest BLOB NOT NULL PRIMARY KEY REFERENCES classic (digest) ON DELETE CASCADE,
      hashes BLOB NOT NULL CHECK (length(hashes) >= 20 AND length(hashes) % 20 = 0)
    ) STRICT;

    -- Wishes: 1 started, 2 stopped.
    CREATE TABLE torrent_wish (
      digest BLOB NOT NULL PRIMARY KEY CHECK \(isDigest("digest")),
      wish INTEGER NOT NULL CHECK (wish IN (1, 2))
    ) STRICT, WITHOUT ROWID;

    -- A manifest is a blob with a torrent too: found by its digest, whichever repositories have it.
    CREATE INDEX manifest_by_digest ON manifest (digest, repository);
    """
}
