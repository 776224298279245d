import RegistryCore

/// A blob to be fetched: whose torrent it is said to be, who may have it, and for whom.
public struct FetchRequest: Sendable {
  /// Its digest is what the bytes must have in the end, whatever the torrent's own hashes say.
  public let torrent: SwarmTorrent
  public let peers: [PeerEndpoint]
  /// Reads the blob while it arrives and is linked to it in the end.
  public let repository: RepositoryName
  public let session: SwarmSession
  /// Members of the fleet that hold it and are asked over the fleet's channel; empty: it comes from peers of its swarm.
  public let members: [NodeID]

  /// From members, of which the first is asked first.
  public init(torrent: SwarmTorrent, members: [NodeID], repository: RepositoryName) {
    (self.torrent, self.members, self.repository) = (torrent, members, repository)
    (peers, session) = ([], .fleet)
  }

  public init(torrent: SwarmTorrent, peers: [PeerEndpoint], repository: RepositoryName, session: SwarmSession) {
    self.torrent = torrent
    self.peers = peers
    self.repository = repository
    self.session = session
    members = []
  }
}

extension FetchRequest {
  /// With no more peers than may be remembered.
  func bounded(peers limit: Int) -> FetchRequest {
    guard members.isEmpty else { return self }
    return FetchRequest(
      torrent: torrent, peers: Array(peers.prefix(limit)), repository: repository, session: session)
  }
}

/// How far a fetch is.
public struct FetchProgress: Sendable {
  public enum State: Sendable {
    case arriving
    /// All is here; the digest is compared and the bytes are made durable.
    case sealing
    case complete
    case failed(RegistryError)
  }

  public let digest: Digest
  public let size: Int64
  public let infoHash: InfoHash
  public let session: SwarmSession
  public let repositories: [RepositoryName]
  public let state: State
  public let verifiedBytes: Int64
  /// From the beginning to the first verified piece, to the last, and to the end: durable and linked.
  public let firstPieceAfter: Duration?
  public let wholeAfter: Duration?
  public let completeAfter: Duration?
  /// Of this moment; zero when it is over.
  public internal(set) var peers = 0
  public internal(set) var downloadBytesPerSecond = 0
  public internal(set) var uploadBytesPerSecond = 0
}

extension FetchProgress {
  /// Of a blob that needed a link and no transfer.
  init(alreadyHere request: FetchRequest) {
    let torrent = request.torrent
    self.init(
      digest: torrent.digest, size: torrent.size, infoHash: torrent.infoHash, session: request.session,
      repositories: [request.repository], state: .complete, verifiedBytes: torrent.size, firstPieceAfter: .zero,
      wholeAfter: .zero, completeAfter: .zero)
  }

  var isComplete: Bool { if case .complete = state { true } else { false } }
}
