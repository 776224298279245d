extension Schema {
  /// What the node was told of its fleet and must not forget: `Statements`.
  static let statements = """
    CREATE TABLE statement (
      shelf INTEGER NOT NULL CHECK (shelf >= 1),
      key BLOB NOT NULL,
      value BLOB NOT NULL,
      PRIMARY KEY (shelf, key)
    ) STRICT, WITHOUT ROWID;
    """
}
