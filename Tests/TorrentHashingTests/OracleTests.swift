import OpenSSLKit
import RegistryCore
import RegistryService
import Testing
import TorrentHashing
import TorrentOracle

/// Our torrents are, to the byte, those that libtorrent makes of the same file.
@Suite struct OracleTests {
  private static let leaf = LeafPass.leafBytes
  private static let piece = TorrentRecipe.pieceBytes(forSize: 1)
  private static let seed: UInt64 = 20_260_321

  /// Around every boundary of leaves and pieces, and counts of pieces that are no power of two.
  private static let sizes: [Int] =
    [leaf, 2 * leaf, 3 * leaf, piece, piece + leaf, 2 * piece, 3 * piece, 4 * piece, 5 * piece, 7 * piece, 8 * piece]
    .flatMap { [$0 - 1, $0, $0 + 1] } + [1, 2, 100 * piece + 777, 129 * piece - leaf]

  @Test(arguments: sizes) func ourTorrentsAreThoseOfLibtorrent(size: Int) throws {
    var chance = SeededGenerator(seed: Self.seed &+ UInt64(size))
    let bytes = randomBytes(size, &chance)
    let digest = Digest(algorithm: .sha256, hash: StreamingHash.hash(bytes, .sha256))
    let file = try TemporaryFile(digest.hex, bytes)
    let (ticket, pieces) = try hashed(bytes, digest, &chance)
    try compare(ticket, Oracle.make(file, pieceBytes: Self.piece, ORACLE_V2))
    try compare(pieces, Oracle.make(file, pieceBytes: Self.piece, ORACLE_V1))
  }

  /// Where the recipe changes to longer pieces: mostly a hole, so that it is quick.
  @Test(arguments: [512 << 20, (512 << 20) + 1]) func alsoWhereTheRecipeChanges(size: Int) throws {
    let file = try TemporaryFile("x", [1])
    try file.write([2], at: size - 1)
    let pieceBytes = TorrentRecipe.pieceBytes(forSize: Int64(size))
    var leaves = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    var pieces = PiecePass(pieceBytes: pieceBytes)
    let zeros = [UInt8](repeating: 0, count: 1_000_003)
    var start = 0
    while start < size {
      let end = min(start + zeros.count, size)
      var chunk = end - start == zeros.count ? zeros : [UInt8](zeros[..<(end - start)])
      if start == 0 { chunk[0] = 1 }
      if end == size { chunk[chunk.count - 1] = 2 }
      chunk.withUnsafeBytes {
        leaves.take($0)
        pieces.take($0)
      }
      start = end
    }
    let finished = leaves.finish()
    let facts = try #require(finished)
    let oracle = try TorrentDocument(parsing: Oracle.make(file, pieceBytes: pieceBytes, ORACLE_HYBRID)[ORACLE_FILE])
    #expect(facts.piecesRoot == oracle.tree?.piecesRoot)
    #expect(facts.pieceLayer == oracle.tree?.pieceLayer)
    let hashes = pieces.finish()
    #expect(hashes == oracle.classicHashes)
  }

  /// Rules that lengthen the pieces while the bytes come: what large files do, with small ones.
  @Test(arguments: [2, 3, 4, 7, 8], [1, 2, 3, 5, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100])
  func piecesThatGrowOnTheWayAreThoseOfLibtorrent(mostPieces: Int64, leaves: Int) throws {
    for size in [leaves * Self.leaf - 1, leaves * Self.leaf, leaves * Self.leaf + 1] {
      var chance = SeededGenerator(seed: Self.seed &+ UInt64(size))
      let bytes = randomBytes(size, &chance)
      let file = try TemporaryFile("file", bytes)
      var pass = LeafPass { GrowingPieces.bytes(forSize: $0, mostPieces: mostPieces) }
      forOddChunks(of: bytes, &chance) { pass.take($0) }
      let finished = pass.finish()
      let facts = try #require(finished)
      let pieceBytes = GrowingPieces.bytes(forSize: Int64(size), mostPieces: mostPieces)
      let oracle = try TorrentDocument(parsing: Oracle.make(file, pieceBytes: pieceBytes, ORACLE_V2)[ORACLE_FILE])
      #expect(facts.piecesRoot == oracle.tree?.piecesRoot, "size \(size)")
      #expect(facts.pieceLayer == oracle.tree?.pieceLayer, "size \(size)")
      if !facts.pieceLayer.isEmpty {
        #expect(PieceLayer.root(of: facts.pieceLayer, pieceBytes: pieceBytes) == facts.piecesRoot, "size \(size)")
      }
    }
  }

  private func hashed(
    _ bytes: [UInt8], _ digest: Digest, _ chance: inout SeededGenerator
  ) throws -> (SwarmTicket, ClassicPieces) {
    var leaves = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    var pieces = PiecePass(pieceBytes: Self.piece)
    forOddChunks(of: bytes, &chance) {
      leaves.take($0)
      pieces.take($0)
    }
    let finished = leaves.finish()
    let facts = try #require(finished)
    return (
      SwarmTicket(digest: digest, size: facts.size, piecesRoot: facts.piecesRoot, pieceLayer: facts.pieceLayer),
      ClassicPieces(digest: digest, size: facts.size, hashes: pieces.finish())
    )
  }

  private func compare(_ ticket: SwarmTicket, _ oracle: Oracle) throws {
    try #require(oracle.error == nil)
    let torrent = SwarmTorrent(ticket)
    #expect(torrent.info == oracle[ORACLE_INFO])
    #expect(torrent.infoHash == InfoHash(version: .v2, bytes: oracle[ORACLE_INFO_HASH_V2]))
    #expect(torrent.pieceLayer == oracle[ORACLE_PIECE_LAYER])

    let file = TorrentRecipe.file(
      info: torrent.info, pieceLayer: torrent.pieceLayer, piecesRoot: ticket.piecesRoot,
      trackers: ["http://127.0.0.1:1/announce", "udp://127.0.0.1:2"], webSeeds: ["http://127.0.0.1:3/blob"])
    let loaded = Oracle.load(file)
    #expect(loaded.error == nil)
    #expect(loaded[ORACLE_INFO] == torrent.info)
    #expect(loaded[ORACLE_INFO_HASH_V2] == torrent.infoHash.bytes && loaded[ORACLE_INFO_HASH_V1].isEmpty)
    #expect(loaded[ORACLE_PIECE_LAYER] == (torrent.pieceLayer.isEmpty ? ticket.piecesRoot : torrent.pieceLayer))
    try compareHints(loaded, file, torrent, .v2)
  }

  private func compare(_ pieces: ClassicPieces, _ oracle: Oracle) throws {
    try #require(oracle.error == nil)
    let torrent = SwarmTorrent(pieces)
    #expect(torrent.info == oracle[ORACLE_INFO])
    #expect(torrent.infoHash == InfoHash(version: .v1, bytes: oracle[ORACLE_INFO_HASH_V1]))

    let file = TorrentRecipe.file(
      info: torrent.info, pieceLayer: [], piecesRoot: nil,
      trackers: ["http://127.0.0.1:1/announce", "udp://127.0.0.1:2"], webSeeds: ["http://127.0.0.1:3/blob"])
    let loaded = Oracle.load(file)
    #expect(loaded.error == nil)
    #expect(loaded[ORACLE_INFO_HASH_V1] == torrent.infoHash.bytes && loaded[ORACLE_INFO_HASH_V2].isEmpty)
    try compareHints(loaded, file, torrent, .v1)
  }

  /// The file as libtorrent and as we ourselves read it again.
  private func compareHints(
    _ loaded: Oracle, _ file: [UInt8], _ torrent: SwarmTorrent, _ version: TorrentVersion
  ) throws {
    #expect(loaded.lines(ORACLE_TRACKERS) == ["http://127.0.0.1:1/announce", "udp://127.0.0.1:2"])
    // libtorrent 2.0.8 takes a version 2 file that ends within a piece for one of many: it asks for <url>/<name>.
    let isTakenForMany = version == .v2 && !torrent.size.isMultiple(of: Int64(torrent.pieceBytes))
    #expect(loaded.lines(ORACLE_WEB_SEEDS) == ["http://127.0.0.1:3/blob" + (isTakenForMany ? "/" : "")])
    let read = try TorrentDocument(parsing: file)
    #expect(read.trackers == loaded.lines(ORACLE_TRACKERS) && read.webSeeds == ["http://127.0.0.1:3/blob"])
    let again = try read.torrent(version: version, digest: torrent.digest)
    #expect(again.info == torrent.info && again.infoHash == torrent.infoHash && again.size == torrent.size)
    #expect(again.pieceBytes == torrent.pieceBytes && again.pieceLayer == torrent.pieceLayer)
  }
}
