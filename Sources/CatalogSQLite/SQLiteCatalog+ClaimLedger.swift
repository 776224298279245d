import RegistryCore

extension SQLiteCatalog: ClaimLedger {
  public func writer() async throws(RegistryError) -> WriterID {
    let epoch = try await readers.read { connection throws(RegistryError) in
      try connection.first("SELECT epoch FROM life") { $0.integer(0) }
    }
    guard let epoch else { throw .damaged("no epoch") }
    return WriterID(node: author.node, epoch: epoch)
  }

  public func heads() async throws(RegistryError) -> [WriterID: ClaimHead] {
    let notary = author.notary
    return try await readers.read { connection throws(RegistryError) in try connection.heads(notary: notary) }
  }

  public func run(
    of writer: WriterID, after sequence: Int64, byteLimit: Int
  ) async throws(RegistryError) -> ClaimRun? {
    try await readers.read { connection throws(RegistryError) in
      try connection.run(of: writer, after: sequence, byteLimit: byteLimit)
    }
  }

  public func admit(_ run: ClaimRun) async throws(RegistryError) -> Admission {
    try await commits.write { transaction throws(RegistryError) in try transaction.admit(run) }
  }

  /// The rules are kept in one transaction; the names follow in small ones, so that whoever pushes meanwhile does not
  /// wait for all of them.
  public func apply(_ rules: NameRules) async throws(RegistryError) { try await change(to: rules) }

  public func settleDue() async throws(RegistryError) -> HybridTime? {
    // Every transaction settles what is due before all else.
    try await commits.write { transaction throws(RegistryError) in transaction.nextDue }
  }

  public func correctClock(by milliseconds: Int64) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in try transaction.correctClock(by: milliseconds) }
  }

  public func beginEpoch(
    above floor: Int64, restating stretch: ClaimStretch?
  ) async throws(RegistryError) -> WriterID {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.beginEpoch(above: floor, restating: stretch)
    }
  }

  public func rebase(
    onto fleet: FleetID, restating restated: Set<ClaimedName>, dropping dropped: Set<ClaimedName>
  ) async throws(RegistryError) -> WriterID {
    try await commits.write { transaction throws(RegistryError) in
      try transaction.rebase(onto: fleet, restating: restated, dropping: dropped)
    }
  }
}
