import RegistryCore

/// What a node tells one of the members that answer for its digests: what has changed since the batch before. Every batch
/// renews all that was told before it, an empty one does nothing else.
public struct LeaseBatch: Hashable, Sendable {
  public struct Change: Hashable, Sendable {
    public let digest: Digest
    /// `nil`: the node has nothing of it any more.
    public let holding: Holding?

    public init(_ digest: Digest, _ holding: Holding?) {
      (self.digest, self.holding) = (digest, holding)
    }
  }

  public static let changeLimit = 4096

  /// Rises by one with each batch that changes something. The first of a session, number 1, stands alone: what was told
  /// before it is no more.
  public let number: Int64
  /// Another one whenever everything is told anew.
  public let session: Int64
  public let zone: Zone?
  /// Each digest once.
  public let changes: [Change]

  /// `nil`: out of bounds.
  public init?(session: Int64, number: Int64, zone: Zone?, changes: [Change]) {
    guard session >= 1, number >= 1, changes.count <= Self.changeLimit,
      Set(changes.map(\.digest)).count == changes.count
    else { return nil }
    (self.session, self.number, self.zone, self.changes) = (session, number, zone, changes)
  }
}

public enum LeaseReceipt: Int64, Hashable, Sendable {
  case kept = 1
  /// What came before is not here (any more): begin a session and tell everything.
  case tellAll = 2
}

/// In a message: a dictionary, in which each kind of change is one row of digests.
extension LeaseBatch {
  package var bencoded: BencodeValue {
    var entries: [BencodeValue.Key: BencodeValue] = ["number": .integer(number), "session": .integer(session)]
    if let zone { entries["zone"] = .text(zone.description) }
    func add(_ key: BencodeValue.Key, _ holding: Holding?) {
      let digests = changes.filter { $0.holding == holding }.map(\.digest)
      if !digests.isEmpty { entries[key] = .bytes(DigestRow.bytes(digests)) }
    }
    add("complete", .complete)
    add("partial", .partial)
    add("wanted", .wanted)
    add("gone", nil)
    return .dictionary(entries)
  }

  package init?(_ view: BencodeView) {
    guard let session = view["session"]?.integer, let number = view["number"]?.integer else { return nil }
    let zone = view["zone"]?.text.flatMap(Zone.init(parsing:))
    guard (zone == nil) == (view["zone"] == nil) else { return nil }
    var changes: [Change] = []
    let rows: [(BencodeView?, Holding?)] = [
      (view["complete"], .complete), (view["partial"], .partial), (view["wanted"], .wanted), (view["gone"], nil),
    ]
    for case (let row?, let holding) in rows {
      guard let digests = row.bytes.flatMap({ DigestRow.digests($0, limit: Self.changeLimit - changes.count) }) else {
        return nil
      }
      changes += digests.map { Change($0, holding) }
    }
    self.init(session: session, number: number, zone: zone, changes: changes)
  }
}
