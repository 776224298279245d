import OpenSSLKit

/// The hash of one piece of a file that has several, as it stands in the torrent's piece layer.
public enum PieceRoot {
  /// - Parameters:
  ///   - piece: the bytes of one piece, the last one as short as it is.
  ///   - pieceBytes: the length of the torrent's pieces.
  public static func of(_ piece: [UInt8], pieceBytes: Int) -> [UInt8] {
    precondition(!piece.isEmpty && piece.count <= pieceBytes, "a piece has bytes, and no more than the others")
    var hash = StreamingHash(.sha256)
    var tree = PieceInProgress()
    piece.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: LeafPass.leafBytes) {
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + LeafPass.leafBytes, bytes.count)]))
        tree.pushLeaf(&hash)
      }
    }
    let height = LeafPass.height(ofPiece: pieceBytes)
    var row = HashRow(height: height)
    tree.close(height: height, into: &row, &hash)
    return row.bytes
  }
}
