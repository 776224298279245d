extension Schema {
  /// Claims that are signed and chained, those of other writers beside them, and what decides between them.
  ///
  /// The log of before is set aside under another name; `OldClaims` signs what is in it and drops it.
  static let fleet = """
    -- fleet: whose chain this node's claims belong to; zeros: the node is alone.
    ALTER TABLE life ADD COLUMN fleet BLOB NOT NULL
      DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(fleet) = 32);

    -- is_own: this catalogue wrote, or writes, under this name.
    ALTER TABLE writer ADD COLUMN is_own INTEGER NOT NULL DEFAULT 0 CHECK (is_own IN (0, 1));

    ALTER TABLE claim RENAME TO unsigned_claim;
    DROP INDEX claim_by_name;
    CREATE INDEX unsigned_by_clock ON unsigned_claim (clock, writer, sequence);

    -- The log, as before. Numbers may be missing where it was shortened; each writer's last claim is always here.
    CREATE TABLE claim (
      writer INTEGER NOT NULL REFERENCES writer (id),
      sequence INTEGER NOT NULL CHECK (sequence >= 1),
      clock INTEGER NOT NULL CHECK (clock >= 1),
      kind INTEGER NOT NULL CHECK (kind >= 1),
      repository INTEGER NOT NULL REFERENCES repository (id),
      key BLOB NOT NULL CHECK (length(key) >= 1),
      value BLOB,
      previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
      signature BLOB NOT NULL CHECK (length(signature) = 64),
      PRIMARY KEY (writer, sequence)
    ) STRICT, WITHOUT ROWID;

    -- The history of a name. Not unique: that would let a claim of elsewhere fail; ties are the rules' to decide.
    CREATE INDEX claim_by_name ON claim (repository, kind, key, clock);

    -- Claims that were dated ahead and do not count yet. All that count are dated before all of these.
    CREATE TABLE waiting_claim (
      clock INTEGER NOT NULL,
      writer INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (clock, writer, sequence)
    ) STRICT, WITHOUT ROWID;

    -- What the fleet has decided about names, as `RulesDocument` spells it.
    CREATE TABLE name_rules (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      document TEXT NOT NULL
    ) STRICT;

    -- Names whose state the rules may have changed and that were not derived anew yet.
    CREATE TABLE stale_name (
      repository INTEGER NOT NULL REFERENCES repository (id),
      kind INTEGER NOT NULL,
      key BLOB NOT NULL,
      PRIMARY KEY (repository, kind, key)
    ) STRICT, WITHOUT ROWID;
    """
}
