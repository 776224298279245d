import OpenSSLKit

/// The row of a version 2 hash tree that has one hash for each piece (BEP 52, "piece layers").
public enum PieceLayer {
  /// The pieces root that a layer hashes up to: 32 bytes for each piece, and at least two pieces.
  ///
  /// About a quarter of a microsecond a piece: half a million of them are work for a blocking thread.
  public static func root(of layer: [UInt8], pieceBytes: Int) -> [UInt8] {
    var hash = StreamingHash(.sha256)
    return HashRow(layer, height: LeafPass.height(ofPiece: pieceBytes)).root(&hash)
  }
}
