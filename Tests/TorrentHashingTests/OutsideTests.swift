import OpenSSLKit
import RegistryCore
import RegistryService
import Testing
import TorrentHashing
import TorrentOracle

/// Torrents and magnet links that others made, and ours as others read them.
@Suite struct OutsideTests {
  private static let digest = Digest(algorithm: .sha256, hash: [UInt8](repeating: 1, count: 32))

  @Test(arguments: [1, 16_384, 16_385, 65_536, 65_537, 200_000]) func aHybridOfLibtorrentIsTwoTorrents(size: Int) throws
  {
    let oracle = try made(size: size, ORACLE_HYBRID)
    let document = try TorrentDocument(parsing: oracle[ORACLE_FILE])
    #expect(document.versions == [.v2, .v1] && document.size == Int64(size) && document.info == oracle[ORACLE_INFO])
    let classic = try document.torrent(version: .v1, digest: Self.digest)
    #expect(classic.infoHash.bytes == oracle[ORACLE_INFO_HASH_V1] && classic.pieceLayer == oracle[ORACLE_PIECE_LAYER])
    let modern = try document.torrent(version: .v2, digest: Self.digest)
    #expect(modern.infoHash.bytes == oracle[ORACLE_INFO_HASH_V2] && modern.pieceLayer == oracle[ORACLE_PIECE_LAYER])
  }

  @Test func aVersionThatATorrentHasNotIsRefused() throws {
    let document = try TorrentDocument(parsing: made(size: 1, ORACLE_V1)[ORACLE_FILE])
    #expect(throws: RegistryError.self) { try document.torrent(version: .v2, digest: Self.digest) }
  }

  /// A layer of the right length whose hashes are not the tree's: every bit of it counts.
  @Test func aLayerThatDoesNotHashUpToTheRootIsRefused() throws {
    let oracle = try made(size: 200_000, ORACLE_V2)
    let layer = oracle[ORACLE_PIECE_LAYER]
    let file = oracle[ORACLE_FILE]
    let start = try #require(file.firstRange(of: layer)).lowerBound
    for at in [0, 31, 32, layer.count - 1] {
      var corrupt = file
      corrupt[start + at] ^= 1
      let document = try TorrentDocument(parsing: corrupt)
      let error = #expect(throws: RegistryError.self) { try document.torrent(version: .v2, digest: Self.digest) }
      #expect(error?.code == .torrentInvalid && error?.message.contains("does not hash up") == true)
    }
    #expect(throws: Never.self) { try TorrentDocument(parsing: file).torrent(version: .v2, digest: Self.digest) }
  }

  @Test func aLayerThatIsNoRowOfHashesHasNoRoot() {
    for length in [0, 1, 31, 33] {
      #expect(PieceLayer.root(of: [UInt8](repeating: 0, count: length), pieceBytes: 65_536) == nil)
    }
  }

  @Test func whoKnowsTheInfoAloneLearnsTheLayerFromPeers() throws {
    let oracle = try made(size: 200_000, ORACLE_V2)
    let torrent = try TorrentDocument(info: oracle[ORACLE_INFO]).torrent(version: .v2, digest: Self.digest)
    #expect(torrent.pieceLayer.isEmpty && torrent.infoHash.bytes == oracle[ORACLE_INFO_HASH_V2])
  }

  @Test func anEmptyFileIsNoTorrentOfLibtorrentsEither() throws {
    let file = try TemporaryFile("empty", [])
    #expect(Oracle.make(file, pieceBytes: 65_536, ORACLE_V2).error != nil)
  }

  @Test func ourMagnetLinksAreReadByLibtorrentAsWeMeanThem() throws {
    let classic = InfoHash(version: .v1, bytes: [UInt8](repeating: 0xab, count: 20))
    let modern = InfoHash(version: .v2, bytes: [UInt8](repeating: 0xcd, count: 32))
    for infoHashes in [[classic], [modern], [classic, modern]] {
      let link = MagnetLink(
        infoHashes, name: "team/app & é + 100%", trackers: ["http://192.0.2.1/announce?a=1&b=%20", "udp://[::1]:1"],
        webSeeds: ["https://w.example/v2/a/blobs/sha256:00?x=1&y"],
        peers: [PeerEndpoint(address: "192.0.2.1", port: 1), PeerEndpoint(address: "2001:db8::1", port: 2)])
      let read = Oracle.magnet(link.description)
      #expect(read.error == nil)
      #expect(read[ORACLE_INFO_HASH_V1] == (infoHashes.contains(classic) ? classic.bytes : []))
      #expect(read[ORACLE_INFO_HASH_V2] == (infoHashes.contains(modern) ? modern.bytes : []))
      #expect(read[ORACLE_NAME] == Array("team/app & é + 100%".utf8))
      #expect(read.lines(ORACLE_TRACKERS) == link.trackers)
      #expect(read.lines(ORACLE_WEB_SEEDS) == link.webSeeds)
      #expect(read.lines(ORACLE_PEERS) == link.peers.map(\.description))
    }
  }

  private func made(size: Int, _ version: oracle_version) throws -> Oracle {
    var chance = SeededGenerator(seed: UInt64(size))
    let oracle = Oracle.make(
      try TemporaryFile("layer.tar", randomBytes(size, &chance)), pieceBytes: 16_384, version)
    try #require(oracle.error == nil)
    return oracle
  }
}
