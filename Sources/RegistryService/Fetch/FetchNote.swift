import RegistryCore

/// What is written beside a staged fetch, so that the next life of the node can go on with it.
///
/// Fields of counted bytes (`5:fleet`), one behind the other; lists are such fields within one. The piece layer is among
/// them: peers are not asked for it.
struct FetchNote: Sendable {
  let torrent: SwarmTorrent
  let session: SwarmSession
  let repositories: [RepositoryName]
  let peers: [PeerEndpoint]
  let members: [NodeID]

  private static let format = "shoal fetch 3"

  init(
    _ torrent: SwarmTorrent, _ session: SwarmSession, _ repositories: [RepositoryName], _ peers: [PeerEndpoint],
    _ members: [NodeID] = []
  ) {
    (self.torrent, self.session, self.repositories, self.peers) = (torrent, session, repositories, peers)
    self.members = members
  }

  var encoded: [UInt8] {
    CountedFields.encode([
      Array(Self.format.utf8), Array(session.rawValue.utf8), Array("\(torrent.infoHash.version.rawValue)".utf8),
      Array("\(torrent.pieceBytes)".utf8), torrent.info, CountedFields.encode(torrent.trackers.map { Array($0.utf8) }),
      CountedFields.encode(repositories.map { Array($0.text.utf8) }),
      CountedFields.encode(peers.flatMap { [Array($0.address.utf8), Array("\($0.port)".utf8)] }),
      torrent.pieceLayer, CountedFields.encode(members.map(\.bytes)),
    ])
  }

  /// `nil`: it is not one of this release's.
  init?(_ unfinished: UnfinishedFetch) {
    guard let fields = CountedFields.decode(unfinished.note), fields.count == 10, Self.text(fields[0]) == Self.format,
      let session = SwarmSession(rawValue: Self.text(fields[1])),
      let version = Int(Self.text(fields[2])).flatMap(TorrentVersion.init(rawValue:)),
      let pieceBytes = Int(Self.text(fields[3])), pieceBytes > 0, unfinished.size > 0,
      let trackers = CountedFields.decode(fields[5]), let names = CountedFields.decode(fields[6]),
      let peers = Self.peers(fields[7]), let members = CountedFields.decode(fields[9])?.compactMap(NodeID.init)
    else { return nil }
    let repositories = names.compactMap { try? RepositoryName(parsing: Self.text($0)) }
    guard repositories.count == names.count, !repositories.isEmpty else { return nil }
    let torrent = SwarmTorrent(
      digest: unfinished.digest, size: unfinished.size, pieceBytes: pieceBytes,
      infoHash: InfoHash(version, ofInfo: fields[4]), info: fields[4], pieceLayer: fields[8],
      trackers: trackers.map(Self.text))
    self.init(torrent, session, repositories, peers, members)
  }

  /// One for each repository.
  var requests: [FetchRequest] {
    repositories.map { repository in
      members.isEmpty
        ? FetchRequest(torrent: torrent, peers: peers, repository: repository, session: session)
        : FetchRequest(torrent: torrent, members: members, repository: repository)
    }
  }

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
