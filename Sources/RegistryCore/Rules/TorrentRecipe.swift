/// How a torrent is made of a blob: a pure function of the digest, the size and the hashes, with no date and nothing
/// random in it, so that every honest holder makes the same torrent.
public enum TorrentRecipe {
  /// Rises when anything below changes: facts that were computed by another recipe are computed anew.
  public static let version = 1

  /// 64 KiB spread a blob of some tens to hundreds of megabytes best among many nodes; 256 KiB cost 5 to 9 % more time.
  private static let leastPieceBytes = 64 * 1024
  /// A piece is what a peer must have whole before it can check it and hand it on, and what a corrupt peer can waste.
  private static let mostPieceBytes = 16 * 1024 * 1024
  /// Every piece costs 32 bytes in the layer, which is kept with the blob and handed out with its ticket (256 KiB at
  /// most, then), some 70 in the memory of an engine, and a message to each peer.
  private static let mostPieces: Int64 = 8192

  /// The length of a blob's pieces: a power of two, and never shorter for a larger blob. 64 KiB up to 512 MiB, then
  /// doubling so that there are at most 8192, up to 16 MiB (above 128 GiB there are more pieces).
  public static func pieceBytes(forSize size: Int64) -> Int {
    var pieceBytes = leastPieceBytes
    while pieceBytes < mostPieceBytes, size > Int64(pieceBytes) * mostPieces { pieceBytes *= 2 }
    return pieceBytes
  }

  /// The info dictionary of version 2 (BEP 52): one file whose name is the digest's hex.
  public static func info(_ ticket: SwarmTicket) -> [UInt8] {
    let name = Array(ticket.digest.hex.utf8)
    let file: BencodeValue = .dictionary(["length": .integer(ticket.size), "pieces root": .bytes(ticket.piecesRoot)])
    let info: BencodeValue = .dictionary([
      "file tree": .dictionary([BencodeValue.Key(name): .dictionary(["": file])]),
      "meta version": .integer(2),
      "name": .bytes(name),
      "piece length": .integer(Int64(pieceBytes(forSize: ticket.size))),
    ])
    return info.encoded
  }

  /// The info dictionary of version 1 (BEP 3), for the many clients that know no other.
  public static func info(_ pieces: ClassicPieces) -> [UInt8] {
    let info: BencodeValue = .dictionary([
      "length": .integer(pieces.size),
      "name": .text(pieces.digest.hex),
      "piece length": .integer(Int64(pieceBytes(forSize: pieces.size))),
      "pieces": .bytes(pieces.hashes),
    ])
    return info.encoded
  }

  /// A `.torrent` file.
  /// - Parameters:
  ///   - piecesRoot: of a torrent of version 2; `nil` for version 1.
  ///   - trackers: in the order in which a client should try them (BEP 12).
  ///   - webSeeds: URLs of the blob itself (BEP 19).
  public static func file(
    info: [UInt8], pieceLayer: [UInt8], piecesRoot: [UInt8]?, trackers: [String], webSeeds: [String]
  ) -> [UInt8] {
    var file: [BencodeValue.Key: BencodeValue] = ["info": .encoded(info)]
    if let first = trackers.first { file["announce"] = .text(first) }
    if trackers.count > 1 { file["announce-list"] = .list(trackers.map { .list([.text($0)]) }) }
    if !webSeeds.isEmpty { file["url-list"] = .list(webSeeds.map { .text($0) }) }
    if let piecesRoot {
      // BEP 52: always there, and empty when the file has one piece.
      file["piece layers"] = .dictionary(pieceLayer.isEmpty ? [:] : [BencodeValue.Key(piecesRoot): .bytes(pieceLayer)])
    }
    return BencodeValue.dictionary(file).encoded
  }
}
