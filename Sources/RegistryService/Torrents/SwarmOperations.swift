import RegistryCore

/// What is done with the torrents of a node that runs: live ones, and blobs that are fetched from peers.
public protocol SwarmOperations: Sendable {
  /// Why strangers cannot reach the node although something is public; `nil`: they can, or nothing is.
  var publicTrouble: RegistryError? { get }

  /// All torrents that are live, of either session.
  func live() async -> [LiveTorrent]

  /// With whom a live torrent is connected, whoever sends and takes most first.
  func peers(of torrent: LiveTorrent) async -> [ConnectedPeer]

  /// Live from now on as long as the node is, whether or not somebody asks for it.
  func start(_ digest: Digest) async throws(RegistryError)

  /// Not live any more, and not to be by anybody's asking.
  func stop(_ digest: Digest) async throws(RegistryError)

  /// As before `start` or `stop`: live when somebody wants it, and resting after a while.
  func rest(_ digest: Digest) async throws(RegistryError)

  /// Begins to fetch a blob, or joins those who fetch it. It goes on whoever looks on.
  func fetch(_ order: FetchOrder) async throws(RegistryError)

  /// Fetches that are under way, and those that ended lately.
  func fetches() async -> [FetchReport]

  /// Ends a fetch and drops what arrived.
  func cancelFetch(of digest: Digest) async throws(RegistryError)
}

/// One that a live torrent is connected with, and who that is.
public struct ConnectedPeer: Sendable {
  public let peer: LivePeer
  /// `nil`: a stranger.
  public let member: NodeID?

  public init(_ peer: LivePeer, member: NodeID?) { (self.peer, self.member) = (peer, member) }
}

/// A blob that somebody wants from BitTorrent peers, under a digest that he knows.
public struct FetchOrder: Sendable {
  public let digest: Digest
  /// May read it when it is here.
  public let repository: RepositoryName
  public let torrent: TorrentDocument
  /// Beside those of the torrent: a magnet link names its own, and peers tell none.
  public let trackers: [String]
  public let peers: [PeerEndpoint]

  public init(
    digest: Digest, repository: RepositoryName, torrent: TorrentDocument, trackers: [String] = [],
    peers: [PeerEndpoint]
  ) {
    self.trackers = trackers
    self.digest = digest
    self.repository = repository
    self.torrent = torrent
    self.peers = peers
  }
}

public struct FetchReport: Sendable {
  public enum State: Sendable {
    case running
    case finished
    case failed(RegistryError)
  }

  public let digest: Digest
  public let repositories: [RepositoryName]
  public let size: Int64
  public let verifiedBytes: Int64
  public let peers: Int
  public let bytesPerSecond: Int
  public let state: State
  /// From the beginning to the first verified piece, to the last, and to the end; as far as it came.
  public let firstPieceAfter: Duration?
  public let wholeAfter: Duration?
  public let completeAfter: Duration?

  public init(
    digest: Digest, repositories: [RepositoryName], size: Int64, verifiedBytes: Int64, peers: Int,
    bytesPerSecond: Int, state: State, firstPieceAfter: Duration? = nil, wholeAfter: Duration? = nil,
    completeAfter: Duration? = nil
  ) {
    self.digest = digest
    self.repositories = repositories
    self.size = size
    self.verifiedBytes = verifiedBytes
    self.peers = peers
    self.bytesPerSecond = bytesPerSecond
    self.state = state
    self.firstPieceAfter = firstPieceAfter
    self.wholeAfter = wholeAfter
    self.completeAfter = completeAfter
  }
}

/// How far the hashing of blobs is that were here before their torrents.
public struct HashingReport: Hashable, Sendable {
  public let isAtWork: Bool
  public let doneBlobs: Int
  public let doneBytes: Int64
  public let leftBlobs: Int
  public let leftBytes: Int64

  public init(isAtWork: Bool, doneBlobs: Int, doneBytes: Int64, leftBlobs: Int, leftBytes: Int64) {
    self.isAtWork = isAtWork
    self.doneBlobs = doneBlobs
    self.doneBytes = doneBytes
    self.leftBlobs = leftBlobs
    self.leftBytes = leftBytes
  }
}

extension HashingReport {
  public init(_ progress: BackfillProgress) {
    self.init(
      isAtWork: progress.activity != .resting, doneBlobs: progress.doneBlobs, doneBytes: progress.doneBytes,
      leftBlobs: progress.leftBlobs, leftBytes: progress.leftBytes)
  }
}
