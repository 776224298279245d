import OpenSSLKit

/// The version 2 torrent hashes (BEP 52) of a file, in one pass over bytes that come in chunks of any length.
///
/// The tree's leaves are blocks of 16 KiB; the row that a torrent keeps is the one of its pieces. How long a piece is
/// follows from the file's size, which is known at the end: the pass keeps the row of the shortest pieces and halves it
/// as soon as the bytes that were seen ask for longer ones. So memory is bounded by the longest row that the rule allows
/// (and one more piece), whatever the size, and no chunk costs an allocation.
public struct LeafPass: ~Copyable, Sendable {
  public static let leafBytes = 16 * 1024

  public struct Facts: Hashable, Sendable {
    public let size: Int64
    public let piecesRoot: [UInt8]
    /// 32 bytes for each piece; empty when there is one.
    public let pieceLayer: [UInt8]
  }

  private let pieceBytes: @Sendable (Int64) -> Int
  /// Of the leaf that is not full yet; between leaves, of the nodes above.
  private var hash = StreamingHash(.sha256)
  private var size: Int64 = 0
  private var leafFill = 0
  private var piece = PieceInProgress()
  private(set) var layer: HashRow

  /// - Parameter pieceBytes: the length of a piece for a file of that size: a power of two, at least 16 KiB, never
  ///   shorter for a larger file.
  public init(pieceBytes: @escaping @Sendable (Int64) -> Int) {
    self.pieceBytes = pieceBytes
    layer = HashRow(height: Self.height(ofPiece: pieceBytes(1)))
  }

  public mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let block = rest.prefix(Self.leafBytes - leafFill)
      hash.update(UnsafeRawBufferPointer(rebasing: block))
      leafFill += block.count
      size += Int64(block.count)
      rest = rest.dropFirst(block.count)
      if leafFill == Self.leafBytes { closeLeaf() }
    }
  }

  /// Takes the next leaf as the hash that somebody else made of it; not to be mixed with `take`.
  /// - Parameter byteCount: of the leaf, which is full unless it is the last.
  mutating func take(leafHash: [UInt8], byteCount: Int) {
    size += Int64(byteCount)
    piece.pushLeaf(leafHash, &hash)
    closePieceIfFull()
  }

  /// - Returns: `nil` for no bytes: an empty file has no tree.
  public consuming func finish() -> Facts? {
    guard size > 0 else { return nil }
    if leafFill > 0 { closeLeaf() }
    let isWithinOnePiece = layer.count == 0
    if !piece.isEmpty {
      // A file within one piece has a tree no wider than its leaves ask for; a last piece is as wide as the others.
      piece.close(height: isWithinOnePiece ? piece.leastHeight : layer.height, into: &layer, &hash)
    }
    let height = Self.height(ofPiece: pieceBytes(size))
    while layer.height < height, layer.count > 1 { layer.halve(&hash) }
    return Facts(size: size, piecesRoot: layer.root(&hash), pieceLayer: layer.count > 1 ? layer.bytes : [])
  }

  private mutating func closeLeaf() {
    leafFill = 0
    piece.pushLeaf(&hash)
    closePieceIfFull()
  }

  private mutating func closePieceIfFull() {
    guard piece.leafCount == 1 << layer.height else { return }
    piece.close(height: layer.height, into: &layer, &hash)
    // Only an even row: then no pair of it is still to come.
    if layer.count.isMultiple(of: 2), Self.height(ofPiece: pieceBytes(size)) > layer.height { layer.halve(&hash) }
  }

  static func height(ofPiece bytes: Int) -> Int {
    precondition(bytes >= leafBytes && bytes.nonzeroBitCount == 1, "a piece is a power of two of at least 16 KiB")
    return bytes.trailingZeroBitCount - leafBytes.trailingZeroBitCount
  }
}
