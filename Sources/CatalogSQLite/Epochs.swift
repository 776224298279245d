import RegistryCore

/// Under which name this node writes.
extension WriteTransaction {
  mutating func beginEpoch() throws(RegistryError) -> WriterID {
    try beginEpoch(in: log.fleet)
    return log.writer
  }

  /// Above every epoch that is known of this node, and above any that only a lost disk knew: none can be of later than
  /// now.
  mutating func beginEpoch(in fleet: FleetID) throws(RegistryError) {
    let known = try connection.first(
      "SELECT max((SELECT epoch FROM life), coalesce((SELECT max(epoch) FROM writer WHERE node = ?1), 0))",
      .blob(log.writer.node.bytes)
    ) { $0.integer(0) }
    guard let known else { throw .damaged("no epoch") }
    let epoch = max(known + 1, clock.millisecondsSince1970 / 1_000)
    try connection.run("UPDATE life SET epoch = ?1, fleet = ?2", .integer(epoch), .blob(fleet.bytes))
    let writer = WriterID(node: log.writer.node, epoch: epoch)
    let row = try connection.ownWriterRow(writer)
    let waitsFrom = log.waitsFrom
    log = LogEnd(writer, row: row, in: fleet, clock: log.clock, notary: notary)
    log.waitsFrom = waitsFrom
  }
}
