import OpenSSLKit

/// The version 1 torrent hashes (BEP 3) of a file: the SHA-1 of each piece, in one pass over chunks of any length.
public struct PiecePass: ~Copyable, Sendable {
  private static let hashBytes = StreamingHash.Function.sha1.byteCount

  private let pieceBytes: Int
  private var hash = StreamingHash(.sha1)
  private var fill = 0
  private var hashes: [UInt8] = []

  public init(pieceBytes: Int) {
    precondition(pieceBytes > 0, "a piece has bytes")
    self.pieceBytes = pieceBytes
  }

  public mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(pieceBytes - fill)
      hash.update(UnsafeRawBufferPointer(rebasing: part))
      fill += part.count
      rest = rest.dropFirst(part.count)
      if fill == pieceBytes { closePiece() }
    }
  }

  /// - Returns: 20 bytes for each piece, the last of which may be short; none for no bytes.
  public consuming func finish() -> [UInt8] {
    if fill > 0 { closePiece() }
    return hashes
  }

  private mutating func closePiece() {
    fill = 0
    let place = hashes.count
    hashes.append(contentsOf: repeatElement(0, count: Self.hashBytes))
    hashes.withUnsafeMutableBytes { hash.finishAndRestart(into: $0.baseAddress! + place) }
  }
}
