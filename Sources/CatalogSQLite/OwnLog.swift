import RegistryCore

/// Everything that this catalogue has said, in the order of its clock, a page of each of its epochs at a time.
struct OwnLog {
  struct Entry {
    let repository: Int64
    let claim: SignedClaim
  }

  private var epochs: [Epoch]

  private struct Epoch {
    let row: Int64
    let writer: WriterID
    var page: [Entry] = []
    var next = 0
  }

  private static let claimsPerPage: Int64 = 500

  init(on connection: Connection) throws(RegistryError) {
    epochs = try connection.all(
      "SELECT id, node, epoch FROM writer WHERE is_own = 1 ORDER BY epoch, id"
    ) { row throws(RegistryError) in Epoch(row: row.integer(0), writer: try row.writer(from: 1)) }
    for at in epochs.indices { try turnPage(of: at, on: connection) }
  }

  /// `nil`: that was all.
  mutating func next(on connection: Connection) throws(RegistryError) -> Entry? {
    var earliest: (at: Int, entry: Entry)?
    for (at, epoch) in epochs.enumerated() where epoch.next < epoch.page.count {
      let entry = epoch.page[epoch.next]
      if let known = earliest, known.entry.claim.body.clock <= entry.claim.body.clock { continue }
      earliest = (at, entry)
    }
    guard let (at, entry) = earliest else { return nil }
    epochs[at].next += 1
    if epochs[at].next == epochs[at].page.count { try turnPage(of: at, on: connection) }
    return entry
  }

  private mutating func turnPage(of at: Int, on connection: Connection) throws(RegistryError) {
    let epoch = epochs[at]
    epochs[at].next = 0
    epochs[at].page = try connection.all(
      """
      SELECT repository.name, kind, key, value, sequence, clock, previous_hash, signature, repository
      FROM claim JOIN repository ON repository.id = claim.repository
      WHERE claim.writer = ?1 AND claim.sequence > ?2 ORDER BY claim.sequence LIMIT ?3
      """,
      .integer(epoch.row), .integer(epoch.page.last?.claim.body.sequence ?? 0), .integer(Self.claimsPerPage)
    ) { row throws(RegistryError) in
      Entry(repository: row.integer(8), claim: try row.signedClaim(of: epoch.writer, from: 0))
    }
  }
}
