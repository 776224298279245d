import RegistryCore
import RegistryService

/// How a member takes part in a blob's swarm: a bencoded dictionary of `others state v` and, unless the asker has said that
/// it has the same, `ticket`. Who was asked to fetch the blob says besides, as `received`, how many bytes of it came.
struct SwarmAnswer: Hashable, Sendable {
  let isWhole: Bool
  /// `nil`: the one that the asker has.
  let ticket: SwarmTicket?
  /// Members that take part too.
  let others: [NodeID]
  let receivedBytes: Int64?

  /// A field of the question: the torrent that is known to the asker.
  static let knownTorrent = "Shoal-Torrent"
  static let byteLimit = SwarmTicket.byteLimit + 8192
  private static let version: Int64 = 1
  private static let (whole, part): (Int64, Int64) = (1, 2)

  init(isWhole: Bool, ticket: SwarmTicket?, others: [NodeID], receivedBytes: Int64? = nil) {
    (self.isWhole, self.ticket, self.others, self.receivedBytes) = (isWhole, ticket, others, receivedBytes)
  }

  /// As it stands in that field.
  static func name(of ticket: SwarmTicket) -> String { Hex.encode(SwarmTorrent(ticket).infoHash.bytes) }

  var bytes: [UInt8] {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "others": .list(others.prefix(SwarmFinding.memberLimit).map { .bytes($0.bytes) }),
      "state": .integer(isWhole ? Self.whole : Self.part), "v": .integer(Self.version),
    ]
    if let receivedBytes { entries["received"] = .integer(receivedBytes) }
    if let ticket { entries["ticket"] = .bytes(ticket.bytes) }
    return BencodeValue.dictionary(entries).encoded
  }

  /// `nil`: no such answer. What a later version has besides is passed over. Checks the ticket: for a thread that may be
  /// busy.
  init?(bytes: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: Self.byteLimit, depth: 3, values: 256)
    guard bytes.count <= Self.byteLimit, let root = try? BencodeDocument(bytes, within: limits).root,
      let version = root["v"]?.integer, version >= Self.version, let others = root["others"]?.items,
      let state = root["state"]?.integer, state == Self.whole || state == Self.part
    else { return nil }
    let members = others.prefix(SwarmFinding.memberLimit).compactMap { $0.bytes.flatMap { NodeID(Array($0)) } }
    var ticket: SwarmTicket?
    if let sent = root["ticket"]?.bytes {
      ticket = SwarmTicket(bytes: Array(sent))
      if ticket == nil { return nil }
    }
    self.init(isWhole: state == Self.whole, ticket: ticket, others: members, receivedBytes: root["received"]?.integer)
  }
}
