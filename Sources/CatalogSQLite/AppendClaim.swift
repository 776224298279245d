import RegistryCore

/// The log: claims are added here and nowhere else, and the state is derived from them in the same transaction.
extension WriteTransaction {
  /// Claims in this node's name that a manifest is present and keeps what its document says.
  mutating func claimPresent(
    _ digest: Digest, as document: ManifestDocument, in repository: KnownRepository
  ) throws(RegistryError) {
    try append(.manifest, key: digest.column, value: document.facts.claimValue, in: repository)
    try deriveManifest(digest, in: repository, document: document)
  }

  mutating func claimGone(_ digest: Digest, in repository: KnownRepository) throws(RegistryError) {
    try append(.manifest, key: digest.column, value: nil, in: repository)
    try deriveManifest(digest, in: repository, document: nil)
  }

  mutating func claim(_ tag: Tag, names digest: Digest?, in repository: KnownRepository) throws(RegistryError) {
    try append(.tag, key: Array(tag.text.utf8), value: digest?.column, in: repository)
    try deriveTag(tag, in: repository)
  }

  /// Takes in a claim of another writer, once its signature and its place in the chain are known to be good. It counts
  /// only where it is the highest of its name.
  mutating func admit(_ claim: Claim) throws(RegistryError) {
    let writer = try writerRow(claim.writer)
    log.saw(claim.clock)
    switch claim.statement {
    case .manifest(let name, let digest, let state):
      let repository = try repositoryOrNew(name)
      var value: [UInt8]?
      if case .present(let facts) = state { value = facts.claimValue }
      try insert(
        .manifest, key: digest.column, value: value, in: repository,
        by: writer, sequence: claim.sequence, clock: claim.clock)
      try deriveManifest(digest, in: repository, document: nil)
    case .tag(let name, let tag, let digest):
      let repository = try repositoryOrNew(name)
      try insert(
        .tag, key: Array(tag.text.utf8), value: digest?.column, in: repository,
        by: writer, sequence: claim.sequence, clock: claim.clock)
      try deriveTag(tag, in: repository)
    }
  }

  private mutating func append(
    _ kind: ClaimKind, key: [UInt8], value: [UInt8]?, in repository: KnownRepository
  ) throws(RegistryError) {
    let (sequence, time) = log.next(wallClockMilliseconds: clock.millisecondsSince1970)
    try insert(kind, key: key, value: value, in: repository, by: log.row, sequence: sequence, clock: time)
  }

  private func insert(
    _ kind: ClaimKind, key: [UInt8], value: [UInt8]?, in repository: KnownRepository,
    by writer: Int64, sequence: Int64, clock: HybridTime
  ) throws(RegistryError) {
    try connection.run(
      """
      INSERT INTO claim (writer, sequence, clock, kind, repository, key, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """,
      .integer(writer), .integer(sequence), .integer(clock.rawValue), .integer(kind.rawValue),
      .integer(repository.row), .blob(key), .blob(orNull: value))
  }

  private func writerRow(_ writer: WriterID) throws(RegistryError) -> Int64 {
    try connection.run(
      "INSERT INTO writer (node, epoch) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
      .blob(writer.node.bytes), .integer(writer.epoch))
    let row = try connection.first(
      "SELECT id FROM writer WHERE node = ?1 AND epoch = ?2", .blob(writer.node.bytes), .integer(writer.epoch)
    ) { $0.integer(0) }
    guard let row else { throw .damaged("a writer vanished") }
    return row
  }
}
