import RegistryCore

/// Where this node's part of the log ends: what the next claim is numbered, dated and chained after. A value, so that a
/// savepoint that fails takes it back.
struct LogEnd {
  let writer: WriterID
  /// The row of `writer`.
  let row: Int64
  /// Whose chain this node's claims belong to.
  let fleet: FleetID
  private(set) var head: ClaimHead
  /// The clock of this node's last claim.
  private var headClock: HybridTime
  /// The highest clock of any claim that counts here.
  private(set) var clock: HybridTime
  /// The lowest clock of those that wait for their time. What counts is dated before it.
  var waitsFrom: HybridTime?
  /// `nil`: the wall clock is right, as far as is known.
  var clockCorrection: ClockCorrection?

  /// An epoch that begins.
  init(_ writer: WriterID, row: Int64, in fleet: FleetID, clock: HybridTime, notary: any ClaimNotary) {
    (self.writer, self.row, self.fleet) = (writer, row, fleet)
    head = notary.root(of: writer, in: fleet)
    headClock = HybridTime(rawValue: 0)
    self.clock = clock
  }

  /// Signs and chains what this node says now.
  mutating func append(
    _ name: ClaimedName, value: [UInt8]?, wallClockMilliseconds now: Int64, notary: any ClaimNotary
  ) -> SignedClaim {
    let claim = append(name, value: value, at: clock.next(wallClockMilliseconds: now), notary: notary)
    saw(claim.body.clock)
    return claim
  }

  /// Signs and chains what this node said before, under the clock of then; a little later if the clock would not rise.
  mutating func append(
    _ name: ClaimedName, value: [UInt8]?, at time: HybridTime, notary: any ClaimNotary
  ) -> SignedClaim {
    let body = SignedClaim.Body(
      writer: writer, sequence: head.sequence + 1,
      clock: max(time, HybridTime(rawValue: headClock.rawValue + 1)), kind: name.kind, repository: name.repository,
      key: name.key, value: value, previous: head.hash)
    let signed = body.signedBytes
    guard let claim = SignedClaim(body, signature: notary.sign(signed)) else {
      preconditionFailure("a notary signs with \(SignedClaim.signatureByteCount) bytes")
    }
    end(at: claim, hash: notary.hash(signed + claim.signature))
    return claim
  }

  /// Goes on behind a claim of this node's own that came back from another.
  mutating func end(at claim: SignedClaim, hash: ClaimHash) {
    head = ClaimHead(sequence: claim.body.sequence, hash: hash)
    headClock = claim.body.clock
  }

  /// Dates what follows after a claim that counts.
  mutating func saw(_ clock: HybridTime) { self.clock = max(self.clock, clock) }

  /// The first time that waits behind the fence. What is not later than something that counts already never waits: a
  /// wall clock that is set back takes nothing back.
  func fence(wallClockMilliseconds now: Int64) -> HybridTime {
    HybridTime(milliseconds: max(now + NameRules.fenceMilliseconds, clock.milliseconds) + 1)
  }
}

extension LogEnd {
  /// Finds where the log ends, or begins it.
  init(_ author: Authorship, on connection: Connection) throws(RegistryError) {
    let born = max(1, author.clock.millisecondsSince1970 / 1_000, author.epochFloor + 1)
    try connection.run(
      "INSERT INTO life (only, epoch, fleet) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING", .integer(born),
      .blob(author.fleet.bytes))
    let life = try connection.first("SELECT epoch, fleet FROM life") { row throws(RegistryError) in
      (epoch: row.integer(0), fleet: try row.fleet(1))
    }
    guard let life else { throw .damaged("no epoch") }
    let writer = WriterID(node: author.node, epoch: life.epoch)
    let row = try connection.ownWriterRow(writer)
    let clock = try connection.highestClock(by: connection.nameRules())
    self.init(writer, row: row, in: life.fleet, clock: clock, notary: author.notary)
    waitsFrom = try connection.waitsFrom()
    if let last = try connection.lastClaim(of: row) { end(at: last, hash: author.notary.hash(last.chainedBytes)) }
  }
}

extension Connection {
  func writerRow(_ writer: WriterID) throws(RegistryError) -> Int64? {
    try first(
      "SELECT id FROM writer WHERE node = ?1 AND epoch = ?2", .blob(writer.node.bytes), .integer(writer.epoch)
    ) { $0.integer(0) }
  }

  /// A writer's row, made where there is none.
  func writerRowOrNew(_ writer: WriterID, isOwn: Bool) throws(RegistryError) -> Int64 {
    if let row = try writerRow(writer) { return row }
    try run(
      "INSERT INTO writer (node, epoch, is_own) VALUES (?1, ?2, ?3)", .blob(writer.node.bytes),
      .integer(writer.epoch), .integer(isOwn ? 1 : 0))
    guard let row = try writerRow(writer) else { throw .damaged("a writer vanished") }
    return row
  }

  /// What this catalogue writes under is its own for good, also when the node gets another key.
  func ownWriterRow(_ writer: WriterID) throws(RegistryError) -> Int64 {
    let row = try writerRowOrNew(writer, isOwn: true)
    try run("UPDATE writer SET is_own = 1 WHERE id = ?1 AND is_own = 0", .integer(row))
    return row
  }

  func waitsFrom() throws(RegistryError) -> HybridTime? {
    try first("SELECT clock FROM waiting_claim WHERE clock > 0 ORDER BY clock LIMIT 1") {
      HybridTime(rawValue: $0.integer(0))
    }
  }

  /// A writer's clock rises with its sequence, so the last of its claims that counts has its highest clock: two seeks a
  /// writer.
  func highestClock(by rules: NameRules) throws(RegistryError) -> HybridTime {
    var highest: Int64 = 0
    for (row, writer) in try everyWriter() {
      let clock = try first(
        """
        SELECT clock FROM claim
        WHERE claim.writer = ?1 AND claim.sequence <= ?2 AND claim.sequence < coalesce(
          (SELECT min(sequence) FROM waiting_claim WHERE waiting_claim.writer = ?1), 9223372036854775807)
        ORDER BY sequence DESC LIMIT 1
        """,
        .integer(row), .integer(rules.limit(of: writer))
      ) { $0.integer(0) }
      highest = max(highest, clock ?? 0)
    }
    return HybridTime(rawValue: highest)
  }

  func everyWriter() throws(RegistryError) -> [(row: Int64, writer: WriterID)] {
    try all("SELECT id, node, epoch FROM writer ORDER BY id") { row throws(RegistryError) in
      (row.integer(0), try row.writer(from: 1))
    }
  }
}
