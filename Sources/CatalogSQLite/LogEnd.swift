import RegistryCore

/// Where this node's part of the log ends: what the next claim is numbered and dated after.
struct LogEnd {
  /// The row of `writer`.
  let row: Int64
  private(set) var sequence: Int64
  /// The highest clock of any claim that this node has seen.
  private(set) var clock: HybridTime

  /// Finds or makes the writer and the catalogue's epoch.
  /// - Parameter epochFloor: a new catalogue's epoch is above this: the epoch of the one that it takes the place of.
  init(
    node: NodeID, clock wallClock: any WallClock, epochFloor: Int64, on connection: Connection
  ) throws(RegistryError) {
    let born = max(1, wallClock.millisecondsSince1970 / 1_000, epochFloor + 1)
    try connection.run("INSERT INTO life (only, epoch) VALUES (1, ?1) ON CONFLICT DO NOTHING", .integer(born))
    try connection.run(
      "INSERT INTO writer (node, epoch) SELECT ?1, epoch FROM life WHERE true ON CONFLICT DO NOTHING",
      .blob(node.bytes))
    let row = try connection.first(
      "SELECT writer.id FROM writer JOIN life ON life.epoch = writer.epoch WHERE node = ?1", .blob(node.bytes)
    ) { $0.integer(0) }
    guard let row else { throw .damaged("no writer") }
    self.row = row
    // A writer's clock rises with its sequence, so its last claim has its highest clock: one seek a writer. Whoever
    // shortens the log one day leaves each writer its last claim.
    sequence =
      try connection.first("SELECT max(sequence) FROM claim WHERE writer = ?1", .integer(row)) { $0.integer(0) } ?? 0
    clock = HybridTime(
      rawValue: try connection.first(
        """
        SELECT max((SELECT clock FROM claim WHERE claim.writer = writer.id ORDER BY sequence DESC LIMIT 1))
        FROM writer
        """
      ) { $0.integer(0) } ?? 0)
  }

  mutating func next(wallClockMilliseconds now: Int64) -> (sequence: Int64, clock: HybridTime) {
    sequence += 1
    clock = clock.next(wallClockMilliseconds: now)
    return (sequence, clock)
  }

  /// Dates what follows after a claim that came from elsewhere.
  mutating func saw(_ clock: HybridTime) { self.clock = max(self.clock, clock) }
}
