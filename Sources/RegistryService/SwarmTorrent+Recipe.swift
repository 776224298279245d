import OpenSSLKit
import RegistryCore

extension SwarmTorrent {
  /// The version 2 torrent of a blob.
  public init(_ ticket: SwarmTicket, trackers: [String] = []) {
    let info = TorrentRecipe.info(ticket)
    self.init(
      digest: ticket.digest, size: ticket.size, pieceBytes: TorrentRecipe.pieceBytes(forSize: ticket.size),
      infoHash: InfoHash(.v2, ofInfo: info), info: info, pieceLayer: ticket.pieceLayer, trackers: trackers)
  }

  /// The version 1 torrent of a blob.
  public init(_ pieces: ClassicPieces, trackers: [String] = []) {
    let info = TorrentRecipe.info(pieces)
    self.init(
      digest: pieces.digest, size: pieces.size, pieceBytes: TorrentRecipe.pieceBytes(forSize: pieces.size),
      infoHash: InfoHash(.v1, ofInfo: info), info: info, trackers: trackers)
  }
}

extension InfoHash {
  /// - Parameter info: the bencoded info dictionary, byte for byte as it stands in its torrent.
  public init(_ version: TorrentVersion, ofInfo info: [UInt8]) {
    self.init(version: version, bytes: StreamingHash.hash(info, version == .v1 ? .sha1 : .sha256))
  }
}
