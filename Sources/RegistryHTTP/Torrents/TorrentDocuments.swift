import RegistryCore
import RegistryService

/// A part of an image with its torrent, as `shoal magnet --json` prints it.
public struct TorrentPartDocument: Codable, Sendable {
  public let digest: String
  public let mediaType: String
  public let size: Int64
  /// `nil`: the part is not here, is empty, or is private.
  public let magnet: String?
  /// Where its .torrent file is: a URL, or a path once a command has written it.
  public var torrent: String?
  public let isPresent: Bool

  public init(
    digest: String, mediaType: String, size: Int64, magnet: String?, torrent: String?, isPresent: Bool
  ) {
    self.digest = digest
    self.mediaType = mediaType
    self.size = size
    self.magnet = magnet
    self.torrent = torrent
    self.isPresent = isPresent
  }
}

/// One torrent of a blob.
public struct TorrentVersionDocument: Codable, Sendable {
  public let version: Int
  public let infoHash: String
  public let pieceBytes: Int
  public let pieces: Int
}

/// What is known of the torrents of one blob.
public struct BlobTorrentsDocument: Codable, Sendable {
  public let digest: String
  public let size: Int64
  public let repositories: [String]
  public let isPublic: Bool
  /// `started`, `stopped`, or `nil`: nobody decided.
  public let wish: String?
  public let torrents: [TorrentVersionDocument]
  public let live: [LiveTorrentDocument]
}

public struct LiveTorrentDocument: Codable, Sendable {
  public let digest: String
  public let version: Int
  public let infoHash: String
  public let size: Int64
  public let isSeeding: Bool
  public let verifiedBytes: Int64
  public let peers: Int
  public let seeds: Int
  public let downloadBytesPerSecond: Int
  public let uploadBytesPerSecond: Int
  public let downloadedBytes: Int64
  public let uploadedBytes: Int64
  public let wastedBytes: Int64
  /// With whom it is connected; absent where that was not asked for.
  public let connections: [TorrentPeerDocument]?

  init(_ torrent: LiveTorrent, _ connections: [TorrentPeerDocument]? = nil) {
    self.connections = connections
    digest = torrent.digest.description
    version = torrent.infoHash.version.rawValue
    infoHash = Hex.encode(torrent.infoHash.bytes)
    size = torrent.size
    isSeeding = torrent.isSeeding
    verifiedBytes = torrent.verifiedBytes
    peers = torrent.peers
    seeds = torrent.seeds
    downloadBytesPerSecond = torrent.downloadBytesPerSecond
    uploadBytesPerSecond = torrent.uploadBytesPerSecond
    downloadedBytes = torrent.downloadedBytes
    uploadedBytes = torrent.uploadedBytes
    wastedBytes = torrent.wastedBytes
  }
}

/// One that a live torrent is connected with.
public struct TorrentPeerDocument: Codable, Sendable {
  /// A member's name; else where the stranger is.
  public let name: String
  /// The member's node ID; absent: a stranger.
  public let node: String?
  /// That it has, as far as it has shown them.
  public let pieces: Int
  public let isSeed: Bool
  public let downloadBytesPerSecond: Int
  public let uploadBytesPerSecond: Int
  public let downloadedBytes: Int64
  public let uploadedBytes: Int64

  init(_ found: ConnectedPeer, names: [String: String]) {
    let (peer, member) = (found.peer, found.member?.description)
    node = member
    name = member.map { names[$0] ?? String($0.prefix(12)) } ?? peer.endpoint.description
    (pieces, isSeed) = (peer.pieces, peer.isSeed)
    (downloadBytesPerSecond, uploadBytesPerSecond) = (peer.downloadBytesPerSecond, peer.uploadBytesPerSecond)
    (downloadedBytes, uploadedBytes) = (peer.downloadedBytes, peer.uploadedBytes)
  }
}

public struct FetchDocument: Codable, Sendable {
  public let digest: String
  public let repositories: [String]
  public let size: Int64
  public let verifiedBytes: Int64
  public let peers: Int
  public let bytesPerSecond: Int
  /// `resolving` (a magnet link), `running`, `finished` or `failed`.
  public let state: String
  /// Why it failed.
  public let message: String?
  /// Milliseconds from the beginning to the first verified piece, to the last, and to the end, when the blob is durable.
  public let firstPieceMilliseconds: Double?
  public let wholeMilliseconds: Double?
  public let completeMilliseconds: Double?

  init(resolving digest: Digest, _ repository: RepositoryName) {
    self.init(digest, repository, state: "resolving", message: nil)
  }

  init(_ digest: Digest, _ repository: RepositoryName, failedBy error: RegistryError) {
    self.init(digest, repository, state: "failed", message: error.message)
  }

  /// It was here already: nothing had to be fetched.
  init(present digest: Digest, _ repository: RepositoryName) {
    self.init(digest, repository, state: "finished", message: nil)
  }

  private init(_ digest: Digest, _ repository: RepositoryName, state: String, message: String?) {
    self.digest = digest.description
    repositories = [repository.text]
    (size, verifiedBytes, peers, bytesPerSecond) = (0, 0, 0, 0)
    (self.state, self.message) = (state, message)
    (firstPieceMilliseconds, wholeMilliseconds, completeMilliseconds) = (nil, nil, nil)
  }

  init(_ report: FetchReport) {
    digest = report.digest.description
    repositories = report.repositories.map(\.text)
    size = report.size
    verifiedBytes = report.verifiedBytes
    peers = report.peers
    bytesPerSecond = report.bytesPerSecond
    firstPieceMilliseconds = report.firstPieceAfter.map { $0 / .milliseconds(1) }
    wholeMilliseconds = report.wholeAfter.map { $0 / .milliseconds(1) }
    completeMilliseconds = report.completeAfter.map { $0 / .milliseconds(1) }
    switch report.state {
    case .running: (state, message) = ("running", nil)
    case .finished: (state, message) = ("finished", nil)
    case .failed(let error): (state, message) = ("failed", error.message)
    }
  }
}

public struct HashingDocument: Codable, Sendable {
  public let isAtWork: Bool
  public let doneBlobs: Int
  public let doneBytes: Int64
  public let leftBlobs: Int
  public let leftBytes: Int64

  init(_ report: HashingReport) {
    isAtWork = report.isAtWork
    doneBlobs = report.doneBlobs
    doneBytes = report.doneBytes
    leftBlobs = report.leftBlobs
    leftBytes = report.leftBytes
  }
}

/// One line of the verification of one blob as it goes on.
public struct TorrentVerificationDocument: Codable, Sendable {
  public let digest: String
  public let size: Int64
  public let checkedBytes: Int64
  public let isFinished: Bool
  /// What is wrong with it; `nil` while nothing is.
  public let fault: String?
}

/// The node at this moment, as `shoal status` shows it.
public struct StatusDocument: Codable, Sendable {
  public let node: NodeDocument
  /// What is public.
  public let publicPatterns: [String]
  /// Whether torrents are made, and whether peers can be spoken to.
  public let makesTorrents: Bool
  public let hasSwarm: Bool
  /// Why strangers cannot reach the node, although something is public.
  public let publicTrouble: String?
  public let uploads: Int
  public let hashing: HashingDocument?
  public let live: [LiveTorrentDocument]
  public let fetches: [FetchDocument]
  /// Absent: the node is alone.
  public let fleet: FleetSummaryDocument?
}
