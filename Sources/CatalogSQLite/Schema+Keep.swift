extension Schema {
  /// What this node is bound to keep, whatever it thinks of it later. It goes with the manifest.
  static let keep = """
    CREATE TABLE keep (
      manifest INTEGER NOT NULL PRIMARY KEY REFERENCES manifest (id) ON DELETE CASCADE,
      whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
      -- Other keepers, 32 bytes each.
      others BLOB NOT NULL CHECK (length(others) % 32 = 0)
    ) STRICT;

    CREATE INDEX keep_lacking ON keep (manifest) WHERE whole = 0;
    """
}
