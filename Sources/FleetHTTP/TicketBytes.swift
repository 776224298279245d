import RegistryCore
import TorrentHashing

/// A ticket on its way from member to member: a bencoded dictionary of `digest layer root size`.
extension SwarmTicket {
  static let rootByteCount = 32
  /// Of the largest blob that a ticket is taken for.
  static let layerByteLimit = 8 << 20
  static let byteLimit = layerByteLimit + 1024

  var bytes: [UInt8] {
    BencodeValue.dictionary([
      "digest": .text(digest.description), "layer": .bytes(pieceLayer), "root": .bytes(piecesRoot),
      "size": .integer(size),
    ]).encoded
  }

  /// `nil`: no ticket, or one whose parts do not go together. That it is the blob's, only its bytes say. Hashes the layer:
  /// for a thread that may be busy.
  init?(bytes: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: Self.byteLimit, depth: 2, values: 16)
    guard bytes.count <= Self.byteLimit, let root = try? BencodeDocument(bytes, within: limits).root,
      let digest = root["digest"]?.text.flatMap({ try? Digest(parsing: $0) }),
      let layer = root["layer"]?.bytes, let piecesRoot = root["root"]?.bytes.map({ Array($0) }),
      let size = root["size"]?.integer, size > 0, piecesRoot.count == Self.rootByteCount
    else { return nil }
    let pieceBytes = TorrentRecipe.pieceBytes(forSize: size)
    let pieces = (size - 1) / Int64(pieceBytes) + 1
    guard Int64(layer.count) == (pieces == 1 ? 0 : pieces * Int64(Self.rootByteCount)) else { return nil }
    if pieces > 1 {
      guard PieceLayer.root(of: Array(layer), pieceBytes: pieceBytes) == piecesRoot else { return nil }
    }
    self.init(digest: digest, size: size, piecesRoot: piecesRoot, pieceLayer: Array(layer))
  }
}
