import RegistryCore

/// The log, claim by claim, asked of one connection.
extension Connection {
  func heads(notary: any ClaimNotary) throws(RegistryError) -> [WriterID: ClaimHead] {
    var heads: [WriterID: ClaimHead] = [:]
    // A writer's last claim is one seek, and its hash follows from it: no second truth to keep. CROSS: in this order.
    try each(
      """
      SELECT repository.name, kind, key, value, sequence, clock, previous_hash, signature, node, epoch
      FROM writer CROSS JOIN claim ON claim.writer = writer.id
        AND claim.sequence = (SELECT max(sequence) FROM claim WHERE claim.writer = writer.id)
      JOIN repository ON repository.id = claim.repository
      """
    ) { row throws(RegistryError) in
      let claim = try row.signedClaim(of: try row.writer(from: 8), from: 0)
      heads[claim.body.writer] = ClaimHead(sequence: claim.body.sequence, hash: notary.hash(claim.chainedBytes))
    }
    return heads
  }

  func run(
    of writer: WriterID, after sequence: Int64, byteLimit: Int
  ) throws(RegistryError) -> ClaimRun? {
    guard let row = try writerRow(writer) else { return nil }
    var claims: [SignedClaim] = []
    var bytes = 0
    try walk(
      """
      SELECT repository.name, kind, key, value, sequence, clock, previous_hash, signature
      FROM claim JOIN repository ON repository.id = claim.repository
      WHERE claim.writer = ?1 AND claim.sequence > ?2 ORDER BY claim.sequence
      """,
      [.integer(row), .integer(sequence)]
    ) { row throws(RegistryError) in
      let claim = try row.signedClaim(of: writer, from: 0)
      bytes += claim.byteCount
      guard claims.isEmpty || bytes <= byteLimit else { return false }
      claims.append(claim)
      return bytes < byteLimit
    }
    return ClaimRun(after: max(0, sequence), claims)
  }

  func claim(of writer: WriterID, row: Int64, sequence: Int64) throws(RegistryError) -> SignedClaim? {
    try first(
      """
      SELECT repository.name, kind, key, value, sequence, clock, previous_hash, signature
      FROM claim JOIN repository ON repository.id = claim.repository
      WHERE claim.writer = ?1 AND claim.sequence = ?2
      """,
      .integer(row), .integer(sequence)
    ) { row throws(RegistryError) in try row.signedClaim(of: writer, from: 0) }
  }

  func lastClaim(of row: Int64) throws(RegistryError) -> SignedClaim? {
    try first(
      """
      SELECT repository.name, kind, key, value, sequence, clock, previous_hash, signature, node, epoch
      FROM writer JOIN claim ON claim.writer = writer.id JOIN repository ON repository.id = claim.repository
      WHERE writer.id = ?1 ORDER BY claim.sequence DESC LIMIT 1
      """,
      .integer(row)
    ) { row throws(RegistryError) in try row.signedClaim(of: try row.writer(from: 8), from: 0) }
  }

  func insert(_ claim: SignedClaim, writer: Int64, repository: Int64) throws(RegistryError) {
    let body = claim.body
    try run(
      """
      INSERT INTO claim (writer, sequence, clock, kind, repository, key, value, previous_hash, signature)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """,
      .integer(writer), .integer(body.sequence), .integer(body.clock.rawValue), .integer(body.kind.rawValue),
      .integer(repository), .blob(body.key), .blob(orNull: body.value), .blob(body.previous.bytes),
      .blob(claim.signature))
  }
}

extension SignedClaim {
  /// Of `bytes`, without making them.
  var byteCount: Int {
    // node, previous and signature; epoch, sequence, clock and kind; three lengths and what they count.
    let fixed = NodeID.byteCount + ClaimHash.byteCount + Self.signatureByteCount + 4 * 8 + 3 * 4
    return fixed + body.repository.text.utf8.count + body.key.count + (body.value?.count ?? 0)
  }
}
