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

extension SwarmTorrent {
  /// What it was made of, if it is one of our recipe's of version 2.
  var ticket: SwarmTicket? {
    let limits = BencodeDocument.Limits(bytes: 1 << 16, depth: 8, values: 32)
    // Another's torrent is of no ticket: that is no failure.
    guard infoHash.version == .v2, let document = try? BencodeDocument(info, within: limits),
      let file = document.root["file tree"]?.entries?.first?.value[""], let root = file["pieces root"]?.bytes
    else { return nil }
    let ticket = SwarmTicket(digest: digest, size: size, piecesRoot: Array(root), pieceLayer: pieceLayer)
    return SwarmTorrent(ticket).infoHash == infoHash ? ticket : nil
  }
}

extension InfoHash {
  /// - Parameter info: the bencoded info dictionary, byte for byte as it stands in its torrent.
  public init(_ version: TorrentVersion, ofInfo info: [UInt8]) {
    self.init(version: version, bytes: StreamingHash.hash(info, version == .v1 ? .sha1 : .sha256))
  }
}
