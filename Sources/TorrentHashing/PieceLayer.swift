import OpenSSLKit

/// The row of a version 2 hash tree that has one hash for each piece (BEP 52, "piece layers").
public enum PieceLayer {
  /// The pieces root that a layer of a file with several pieces hashes up to; `nil` for what is no row of hashes.
  ///
  /// About a quarter of a microsecond a piece: half a million of them are work for a blocking thread.
  public static func root(of layer: [UInt8], pieceBytes: Int) -> [UInt8]? {
    guard !layer.isEmpty, layer.count.isMultiple(of: HashRow.hashBytes) else { return nil }
    var hash = StreamingHash(.sha256)
    return HashRow(layer, height: LeafPass.height(ofPiece: pieceBytes)).root(&hash)
  }
}
