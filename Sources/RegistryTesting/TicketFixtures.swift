import OpenSSLKit
import RegistryCore
import TorrentHashing

extension SwarmTicket {
  /// The ticket of bytes that are in memory whole, computed in one go; `nil` for none.
  public static func hashing(_ bytes: [UInt8], as digest: Digest) -> SwarmTicket? {
    var pass = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    bytes.withUnsafeBytes { pass.take($0) }
    return pass.finish().map {
      SwarmTicket(digest: digest, size: $0.size, piecesRoot: $0.piecesRoot, pieceLayer: $0.pieceLayer)
    }
  }
}

extension ClassicPieces {
  /// The pieces of bytes that are in memory whole and not empty.
  public static func hashing(_ bytes: [UInt8], as digest: Digest? = nil) -> ClassicPieces {
    var pass = PiecePass(pieceBytes: TorrentRecipe.pieceBytes(forSize: Int64(bytes.count)))
    bytes.withUnsafeBytes { pass.take($0) }
    return ClassicPieces(digest: digest ?? .hashing(bytes), size: Int64(bytes.count), hashes: pass.finish())
  }
}

/// Facts of a torrent that are of the right form; only their hashes are made up.
struct TorrentFacts: Sendable {
  let ticket: SwarmTicket
  let classic: ClassicPieces
  let infoHash: InfoHash
  let classicInfoHash: InfoHash

  var digest: Digest { ticket.digest }
  var blob: StoredBlob { StoredBlob(digest: ticket.digest, size: ticket.size) }
  var entry: TicketEntry { TicketEntry(ticket: ticket, infoHash: infoHash) }

  /// A blob of so many of the shortest pieces, the last of which is one byte.
  init(pieces: Int, _ algorithm: Digest.Algorithm = .sha256) {
    let size = Int64(pieces - 1) * Int64(TorrentRecipe.pieceBytes(forSize: 1)) + 1
    self.init(digest: .of("a blob of \(pieces) pieces", algorithm: algorithm), size: size, pieces: pieces)
  }

  init(_ manifest: ManifestFixture) {
    self.init(digest: manifest.digest, size: Int64(manifest.document.bytes.count), pieces: 1)
  }

  private init(digest: Digest, size: Int64, pieces: Int) {
    let seed = UInt64(pieces)
    ticket = SwarmTicket(
      digest: digest, size: size, piecesRoot: seededBytes(32, seed: seed),
      pieceLayer: pieces > 1 ? seededBytes(32 * pieces, seed: seed) : [])
    classic = ClassicPieces(digest: digest, size: size, hashes: seededBytes(20 * pieces, seed: seed))
    infoHash = InfoHash(version: .v2, bytes: StreamingHash.hash(Array("v2 \(digest)".utf8), .sha256))
    classicInfoHash = InfoHash(
      version: .v1, bytes: Array(StreamingHash.hash(Array("v1 \(digest)".utf8), .sha256).prefix(20)))
  }
}
