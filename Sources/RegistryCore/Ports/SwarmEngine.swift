/// One BitTorrent session. It moves pieces between peers and open files that it is handed; it knows no path, and what it
/// seeds it cannot write.
///
/// Contract, checked by `SwarmEngineContract`: a call returns when the engine has done it, not when peers have. Events of
/// one torrent come in order, on a thread of the engine's, and whoever takes them must not block. Any method from any
/// task.
public protocol SwarmEngine: Sendable {
  /// Where peers reach this engine; `nil` while it does not listen.
  var endpoint: PeerEndpoint? { get }

  /// Seeds a whole blob from its file, without reading it first. Seeding what is live already does nothing.
  func seed(_ torrent: SwarmTorrent, from file: BlobFile, observer: @escaping SwarmObserver)
    async throws(RegistryError)

  /// Fetches into a file that may hold a part of it already (that is checked first). Each piece is verified before it is
  /// told of, and readable in the file by then.
  func fetch(
    _ torrent: SwarmTorrent, into file: BlobFile, from peers: [PeerEndpoint], observer: @escaping SwarmObserver
  ) async throws(RegistryError)

  /// A fetched torrent seeds on, from now on read-only from `file`, which has the same bytes. Uploads go on meanwhile.
  func settle(_ torrent: InfoHash, on file: BlobFile) async throws(RegistryError)

  /// More peers to try.
  func introduce(_ peers: [PeerEndpoint], to torrent: InfoHash) async

  /// Fetch these pieces before others: somebody waits for them.
  func hurry(_ pieces: Range<Int>, of torrent: InfoHash) async

  /// Stops and forgets a torrent; its observer hears nothing after this returns, and its file is used no more.
  func withdraw(_ torrent: InfoHash) async

  /// The torrents that are live, with their numbers of this moment.
  func live() async -> [LiveTorrent]

  /// With whom a live torrent is connected at this moment; none where it is not live, or the engine does not tell.
  func peers(of torrent: InfoHash) async -> [LivePeer]

  /// Withdraws everything and ends the session. Safe twice.
  func close() async

  /// How its fetches are helped along; `nil`: they go alone, and nothing else may write into their files.
  var relief: (any SwarmRelief)? { get }
}

extension SwarmEngine {
  public var relief: (any SwarmRelief)? { nil }
  public func peers(of torrent: InfoHash) async -> [LivePeer] { [] }
}

/// Called on a thread of the engine's; must not block.
public typealias SwarmObserver = @Sendable (SwarmEvent) -> Void

public enum SwarmEvent: Sendable {
  /// A fetch: this piece is verified and readable in the file.
  case verified(piece: Int)
  /// A fetch: all pieces are.
  case whole
  /// A seed: the file's bytes are not the torrent's (or cannot be read). The engine has stopped the torrent.
  case rotten(reason: String)
  /// A fetch that cannot go on (the disk is full, for example). The engine has stopped the torrent.
  case failed(RegistryError)
}

/// Everything an engine must know of one torrent. It always has its info dictionary: none is ever learnt from peers.
public struct SwarmTorrent: Sendable {
  public let digest: Digest
  public let size: Int64
  public let pieceBytes: Int
  public let infoHash: InfoHash
  /// The bencoded info dictionary, exactly the bytes that `infoHash` is of.
  public let info: [UInt8]
  /// Version 2, more than one piece: 32 bytes a piece, whether it is seeded or fetched. It is never learnt from peers: the
  /// engine would have to ask them, and their answers are more than libtorrent 2.0.8 can be trusted with.
  public let pieceLayer: [UInt8]
  /// Announced to, in the public session.
  public let trackers: [String]

  public init(
    digest: Digest, size: Int64, pieceBytes: Int, infoHash: InfoHash, info: [UInt8], pieceLayer: [UInt8] = [],
    trackers: [String] = []
  ) {
    self.digest = digest
    self.size = size
    self.pieceBytes = pieceBytes
    self.infoHash = infoHash
    self.info = info
    self.pieceLayer = pieceLayer
    self.trackers = trackers
  }

  public var pieceCount: Int { Int((size + Int64(pieceBytes) - 1) / Int64(pieceBytes)) }
}

/// An address of a peer: never a name, so that nothing is looked up on the way.
public struct PeerEndpoint: Hashable, Sendable {
  /// IPv4 or IPv6 (without brackets), as text.
  public let address: String
  public let port: UInt16

  public init(address: String, port: UInt16) {
    self.address = address
    self.port = port
  }
}

extension PeerEndpoint: CustomStringConvertible {
  public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// A live torrent in numbers.
public struct LiveTorrent: Hashable, Sendable {
  public let digest: Digest
  public let infoHash: InfoHash
  public let size: Int64
  public let isSeeding: Bool
  /// Verified bytes.
  public let verifiedBytes: Int64
  public let peers: Int
  public let seeds: Int
  public let downloadBytesPerSecond: Int
  public let uploadBytesPerSecond: Int
  /// Blocks that peers sent, as they come: verified later, if at all.
  public let downloadedBytes: Int64
  public let uploadedBytes: Int64
  /// Bytes that arrived and did not verify.
  public let wastedBytes: Int64
  /// Of the peers: those that have everything and show it piece by piece.
  public let veiledPeers: Int
  /// Pieces that were shown to peers one by one.
  public let shownPieces: Int64
  /// Peers that were cut since it went live: those that sent what is not the torrent's, and those that said that they have
  /// everything and showed nothing.
  public let bannedPeers: Int
  public let cutPeers: Int

  public init(
    digest: Digest, infoHash: InfoHash, size: Int64, isSeeding: Bool, verifiedBytes: Int64, peers: Int, seeds: Int,
    downloadBytesPerSecond: Int, uploadBytesPerSecond: Int, downloadedBytes: Int64, uploadedBytes: Int64,
    wastedBytes: Int64, veiledPeers: Int = 0, shownPieces: Int64 = 0, bannedPeers: Int = 0, cutPeers: Int = 0
  ) {
    self.digest = digest
    self.infoHash = infoHash
    self.size = size
    self.isSeeding = isSeeding
    self.verifiedBytes = verifiedBytes
    self.peers = peers
    self.seeds = seeds
    self.downloadBytesPerSecond = downloadBytesPerSecond
    self.uploadBytesPerSecond = uploadBytesPerSecond
    self.downloadedBytes = downloadedBytes
    self.uploadedBytes = uploadedBytes
    self.wastedBytes = wastedBytes
    self.veiledPeers = veiledPeers
    self.shownPieces = shownPieces
    (self.bannedPeers, self.cutPeers) = (bannedPeers, cutPeers)
  }
}
