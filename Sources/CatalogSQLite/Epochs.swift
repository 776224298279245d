import RegistryCore

/// Under which name this node writes.
extension WriteTransaction {
  mutating func beginEpoch(above floor: Int64, restating stretch: ClaimStretch?) throws(RegistryError) -> WriterID {
    guard let stretch else {
      try beginEpoch(in: log.fleet, above: floor, clock: log.clock)
      return log.writer
    }
    // What is said again does not count where it was said first: how far that was dated ahead is over with it.
    var rules = rules
    rules.limits[stretch.writer] = min(rules.limit(of: stretch.writer), stretch.after)
    try beginEpoch(in: log.fleet, above: floor, clock: try connection.highestClock(by: rules))
    try restate(stretch)
    return log.writer
  }

  /// In memory for some hundred claims at a time.
  private mutating func restate(_ stretch: ClaimStretch) throws(RegistryError) {
    var last = stretch.after
    while last < stretch.through,
      let run = try connection.run(of: stretch.writer, after: last, byteLimit: Self.restatedBytes)
    {
      for claim in run.claims where claim.body.sequence <= stretch.through {
        let repository = try repositoryOrNew(claim.body.repository)
        try carry(claim.body, to: repository.row)
        try note(claim.body.name)
      }
      last = run.claims.last?.body.sequence ?? stretch.through
    }
    while try deriveStale(limit: SQLiteCatalog.namesPerTransaction) {}
  }

  private static let restatedBytes = 256 << 10

  /// Above every epoch that is known of this node, and above any that only a lost disk knew: none can be of later than
  /// now.
  /// - Parameter time: what is said under it is dated after this.
  mutating func beginEpoch(in fleet: FleetID, above floor: Int64 = 0, clock time: HybridTime) throws(RegistryError) {
    let known = try connection.first(
      "SELECT max((SELECT epoch FROM life), coalesce((SELECT max(epoch) FROM writer WHERE node = ?1), 0))",
      .blob(log.writer.node.bytes)
    ) { $0.integer(0) }
    guard let known else { throw .damaged("no epoch") }
    let epoch = max(known + 1, floor + 1, clock.millisecondsSince1970 / 1_000)
    try connection.run("UPDATE life SET epoch = ?1, fleet = ?2", .integer(epoch), .blob(fleet.bytes))
    let writer = WriterID(node: log.writer.node, epoch: epoch)
    let row = try connection.ownWriterRow(writer)
    let (waitsFrom, clockCorrection) = (log.waitsFrom, log.clockCorrection)
    log = LogEnd(writer, row: row, in: fleet, clock: time, notary: notary)
    (log.waitsFrom, log.clockCorrection) = (waitsFrom, clockCorrection)
  }
}
