/// The torrent facts of one blob, computed from its bytes alone, so that every honest holder computes the same
/// (BEP 52: `pieces root`, `piece layers`).
public struct SwarmTicket: Hashable, Sendable {
  public let digest: Digest
  /// At least 1: an empty blob has no torrent.
  public let size: Int64
  /// 32 bytes.
  public let piecesRoot: [UInt8]
  /// 32 bytes for each piece; empty when the blob has one piece. A seed without it answers no hash request.
  public let pieceLayer: [UInt8]

  public init(digest: Digest, size: Int64, piecesRoot: [UInt8], pieceLayer: [UInt8]) {
    self.digest = digest
    self.size = size
    self.piecesRoot = piecesRoot
    self.pieceLayer = pieceLayer
  }
}

/// The SHA-1 of each piece of a blob: what a torrent of the first version (BEP 3) needs. Kept for public blobs only.
public struct ClassicPieces: Hashable, Sendable {
  public let digest: Digest
  public let size: Int64
  /// 20 bytes for each piece.
  public let hashes: [UInt8]

  public init(digest: Digest, size: Int64, hashes: [UInt8]) {
    self.digest = digest
    self.size = size
    self.hashes = hashes
  }
}

public enum TorrentVersion: Int, Hashable, Sendable, CaseIterable {
  case v1 = 1
  case v2 = 2
}

/// What a swarm is known by: the hash of the info dictionary.
public struct InfoHash: Hashable, Sendable {
  public let version: TorrentVersion
  /// 20 bytes of SHA-1, or 32 of SHA-256.
  public let bytes: [UInt8]

  public init(version: TorrentVersion, bytes: [UInt8]) {
    precondition(bytes.count == (version == .v1 ? 20 : 32), "an info hash of \(version) has another length")
    self.version = version
    self.bytes = bytes
  }

  /// As in handshakes, trackers and the DHT: 20 bytes in both versions.
  public var short: [UInt8] { Array(bytes.prefix(20)) }
}
