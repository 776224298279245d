import RegistryCore
import TorrentHashing

extension TorrentDocument {
  /// The torrent of this version, to fetch the blob with this digest by.
  ///
  /// Checks that the piece layer, if there is one, hashes up to the root; for a layer of half a million pieces that
  /// takes a tenth of a second, so call it on a thread that may block. A hybrid has the layer in either version: its
  /// info dictionary is one, and an engine goes by all of it.
  public func torrent(version: TorrentVersion, digest: Digest) throws(RegistryError) -> SwarmTorrent {
    guard versions.contains(version) else {
      throw RegistryError(.torrentInvalid, "the torrent is not of version \(version.rawValue)")
    }
    return SwarmTorrent(
      digest: digest, size: size, pieceBytes: pieceBytes, infoHash: InfoHash(version, ofInfo: info), info: info,
      pieceLayer: try checkedPieceLayer(), trackers: trackers)
  }

  private func checkedPieceLayer() throws(RegistryError) -> [UInt8] {
    guard let tree, !tree.pieceLayer.isEmpty else { return [] }
    guard PieceLayer.root(of: tree.pieceLayer, pieceBytes: pieceBytes) == tree.piecesRoot else {
      throw RegistryError(
        .torrentInvalid,
        "the torrent cannot be used: its piece layer does not hash up to its pieces root; make the .torrent file anew")
    }
    return tree.pieceLayer
  }
}
