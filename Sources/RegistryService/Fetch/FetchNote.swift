import RegistryCore

/// What is written beside a staged fetch, so that the next life of the node can go on with it.
///
/// Fields of counted bytes (`5:fleet`), one behind the other; lists are such fields within one. The piece layer is among
/// them: peers are not asked for it. Where no members but holders are known it is written as release 0.2.0 does, which
/// knows no others.
struct FetchNote: Sendable {
  let torrent: SwarmTorrent
  let origin: FetchOrigin
  let repositories: [RepositoryName]

  private static let format = "shoal fetch 4"
  private static let formatOfHolders = "shoal fetch 3"
  private static let fieldCount = 11

  init(_ torrent: SwarmTorrent, from origin: FetchOrigin, for repositories: [RepositoryName]) {
    (self.torrent, self.origin, self.repositories) = (torrent, origin, repositories)
  }

  var encoded: [UInt8] {
    var others: [NodeID] = []
    if case .members(_, let peers) = origin { others = peers }
    let format = others.isEmpty ? Self.formatOfHolders : Self.format
    let fields = [
      Array(format.utf8), Array(origin.session.rawValue.utf8), Array("\(torrent.infoHash.version.rawValue)".utf8),
      Array("\(torrent.pieceBytes)".utf8), torrent.info, CountedFields.encode(torrent.trackers.map { Array($0.utf8) }),
      CountedFields.encode(repositories.map { Array($0.text.utf8) }),
      CountedFields.encode(origin.peers.flatMap { [Array($0.address.utf8), Array("\($0.port)".utf8)] }),
      torrent.pieceLayer, CountedFields.encode(origin.holders.map(\.bytes)),
    ]
    return CountedFields.encode(others.isEmpty ? fields : fields + [CountedFields.encode(others.map(\.bytes))])
  }

  /// `nil`: it is not one of this release's, or of the one before.
  init?(_ unfinished: UnfinishedFetch) {
    guard var fields = CountedFields.decode(unfinished.note), let format = fields.first.map(Self.text) else {
      return nil
    }
    if format == Self.formatOfHolders, fields.count == Self.fieldCount - 1 { fields.append([]) }
    guard format == Self.format || format == Self.formatOfHolders, fields.count == Self.fieldCount,
      let session = SwarmSession(rawValue: Self.text(fields[1])),
      let version = Int(Self.text(fields[2])).flatMap(TorrentVersion.init(rawValue:)),
      let pieceBytes = Int(Self.text(fields[3])), pieceBytes > 0, unfinished.size > 0,
      let trackers = CountedFields.decode(fields[5]), let names = CountedFields.decode(fields[6]),
      let peers = Self.peers(fields[7]), let holders = Self.members(fields[9]), let others = Self.members(fields[10])
    else { return nil }
    let repositories = names.compactMap { try? RepositoryName(parsing: Self.text($0)) }
    guard repositories.count == names.count, !repositories.isEmpty else { return nil }
    let torrent = SwarmTorrent(
      digest: unfinished.digest, size: unfinished.size, pieceBytes: pieceBytes,
      infoHash: InfoHash(version, ofInfo: fields[4]), info: fields[4], pieceLayer: fields[8],
      trackers: trackers.map(Self.text))
    let isOfMembers = !holders.isEmpty || !others.isEmpty
    self.init(
      torrent, from: isOfMembers ? .members(holders: holders, peers: others) : .peers(peers, in: session),
      for: repositories)
  }

  /// One for each repository.
  var requests: [FetchRequest] {
    repositories.map { FetchRequest(torrent: torrent, from: origin, repository: $0) }
  }

  private static func members(_ bytes: [UInt8]) -> [NodeID]? { CountedFields.decode(bytes)?.compactMap { NodeID($0) } }

  private static func peers(_ bytes: [UInt8]) -> [PeerEndpoint]? {
    guard let fields = CountedFields.decode(bytes), fields.count.isMultiple(of: 2) else { return nil }
    var peers: [PeerEndpoint] = []
    for at in stride(from: 0, to: fields.count, by: 2) {
      guard let port = UInt16(text(fields[at + 1])) else { return nil }
      peers.append(PeerEndpoint(address: text(fields[at]), port: port))
    }
    return peers
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Byte strings one behind the other, each after its length.
enum CountedFields {
  static func encode(_ fields: [[UInt8]]) -> [UInt8] {
    fields.reduce(into: []) { $0 += Array("\($1.count):".utf8) + $1 }
  }

  static func decode(_ bytes: [UInt8]) -> [[UInt8]]? {
    var fields: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let colon = rest.prefix(20).firstIndex(of: UInt8(ascii: ":")),
        let count = Int(String(decoding: rest[..<colon], as: UTF8.self)), count >= 0,
        count <= rest.endIndex - colon - 1
      else { return nil }
      fields.append(Array(rest[(colon + 1)..<(colon + 1 + count)]))
      rest = rest[(colon + 1 + count)...]
    }
    return fields
  }
}
