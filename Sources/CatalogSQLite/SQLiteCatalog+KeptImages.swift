import RegistryCore

extension SQLiteCatalog: KeptImages {
  public func images(after position: Int64, limit: Int) async throws(RegistryError) -> [PresentImage] {
    try await readers.read { connection throws(RegistryError) in
      try connection.presentImages(after: position, limit: limit)
    }
  }

  public func lackingImages(
    after position: Int64, limit: Int, named time: Range<HybridTime>
  ) async throws(RegistryError) -> [PresentImage] {
    try await readers.read { connection throws(RegistryError) in
      try connection.lackingImages(after: position, limit: limit, named: time)
    }
  }

  public func image(_ name: ImageName) async throws(RegistryError) -> PresentImage? {
    try await readers.read { connection throws(RegistryError) in
      try connection.first(
        """
        SELECT manifest.id, repository.name, manifest.digest, manifest.clock, keep.whole, keep.others
        FROM repository JOIN manifest ON manifest.repository = repository.id
        LEFT JOIN keep ON keep.manifest = manifest.id
        WHERE repository.name = ?1 AND manifest.digest = ?2
        """, .text(name.repository.text), .blob(name.digest.column)
      ) { row throws(RegistryError) in try row.presentImage() }
    }
  }

  public func keep(_ name: ImageName, isWhole: Bool) async throws(RegistryError) -> Bool {
    try await commits.write { transaction throws(RegistryError) in
      guard let manifest = try transaction.manifestRow(name) else { return false }
      try transaction.connection.run(
        """
        INSERT INTO keep (manifest, whole, others) VALUES (?1, ?2, x'')
        ON CONFLICT DO UPDATE SET whole = 1 WHERE excluded.whole = 1 AND whole = 0
        """,
        .integer(manifest), .integer(isWhole ? 1 : 0))
      return true
    }
  }

  public func note(_ keeping: Keeping, of name: ImageName) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in
      guard let manifest = try transaction.manifestRow(name) else { return }
      try transaction.connection.run(
        "UPDATE keep SET whole = ?2, others = ?3 WHERE manifest = ?1 AND (whole <> ?2 OR others <> ?3)",
        .integer(manifest), .integer(keeping.isWhole ? 1 : 0), .blob(keeping.others.flatMap(\.bytes)))
    }
  }

  public func letGo(_ name: ImageName?) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in
      guard let name else {
        try transaction.connection.run("DELETE FROM keep")
        return
      }
      guard let manifest = try transaction.manifestRow(name) else { return }
      try transaction.connection.run("DELETE FROM keep WHERE manifest = ?1", .integer(manifest))
    }
  }

  public func keptTotals() async throws(RegistryError) -> KeptTotals {
    try await readers.read { connection throws(RegistryError) in
      let images = try connection.first("SELECT count(*) FROM keep") { $0.integer(0) }
      let lacking = try connection.first("SELECT count(*) FROM keep WHERE whole = 0") { $0.integer(0) }
      return KeptTotals(images: images ?? 0, lacking: lacking ?? 0)
    }
  }
}

extension WriteTransaction {
  fileprivate func manifestRow(_ name: ImageName) throws(RegistryError) -> Int64? {
    guard let repository = try repository(name.repository) else { return nil }
    return try connection.first(
      "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2", .integer(repository.row),
      .blob(name.digest.column)
    ) { $0.integer(0) }
  }
}

extension Connection {
  fileprivate func presentImages(after position: Int64, limit: Int) throws(RegistryError) -> [PresentImage] {
    try all(
      """
      SELECT manifest.id, repository.name, manifest.digest, manifest.clock, keep.whole, keep.others
      FROM manifest NOT INDEXED JOIN repository ON repository.id = manifest.repository
      LEFT JOIN keep ON keep.manifest = manifest.id
      WHERE manifest.id > ?1 ORDER BY manifest.id LIMIT ?2
      """,
      .integer(position), .integer(Int64(max(0, limit)))
    ) { row throws(RegistryError) in try row.presentImage() }
  }

  fileprivate func lackingImages(
    after position: Int64, limit: Int, named time: Range<HybridTime>
  ) throws(RegistryError) -> [PresentImage] {
    try all(
      """
      SELECT manifest.id, repository.name, manifest.digest, manifest.clock, keep.whole, keep.others
      FROM keep INDEXED BY keep_lacking JOIN manifest ON manifest.id = keep.manifest
      JOIN repository ON repository.id = manifest.repository
      WHERE keep.whole = 0 AND keep.manifest > ?1 AND manifest.clock >= ?3 AND manifest.clock < ?4
      ORDER BY keep.manifest LIMIT ?2
      """,
      .integer(position), .integer(Int64(max(0, limit))), .integer(time.lowerBound.rawValue),
      .integer(time.upperBound.rawValue)
    ) { row throws(RegistryError) in try row.presentImage() }
  }
}

extension Row {
  /// position, repository's name, digest, clock, whole, others: all six columns.
  fileprivate func presentImage() throws(RegistryError) -> PresentImage {
    let name = ImageName(try digest(2), in: try repositoryName(1))
    return PresentImage(
      position: integer(0), name: name, clock: HybridTime(rawValue: integer(3)),
      keeping: isNull(4) ? nil : Keeping(isWhole: integer(4) == 1, others: try nodes(5)))
  }

  private func nodes(_ column: Int32) throws(RegistryError) -> [NodeID] {
    let bytes = blob(column)
    return try stride(from: 0, to: bytes.count, by: NodeID.byteCount).map { start throws(RegistryError) in
      guard let node = NodeID(Array(bytes[start..<min(bytes.count, start + NodeID.byteCount)])) else {
        throw .damaged("a keeper's id")
      }
      return node
    }
  }
}
