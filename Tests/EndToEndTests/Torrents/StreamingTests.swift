import BlockingBodies
import Glibc
import Testing

/// A blob that is pulled while it is fetched: from the registry it looks like any other, only slower.
@Suite(.blocking)
struct StreamingTests {
  private static let piece = ClassicTorrent.pieceBytes

  @Test func readersShareTheFetchFromItsFirstPieceOn() throws {
    let blob = Arrival.blob(seed: 1)
    let node = try Arrival.node()
    let torrent = ClassicTorrent(blob.bytes)
    let fetch = try Arrival.fetch(torrent, as: blob, node)
    let peer = try TorrentPeer(torrent, port: node.torrentPort())
    let path = "/v2/mine/blobs/\(blob.digest)"

    peer.show(8)
    let whole = try node.connect()
    try whole.sendHead("GET", path)
    let head = try whole.head()
    #expect(head.status == 200)
    #expect(head["Content-Length"] == "\(blob.bytes.count)")
    #expect(head["Docker-Content-Digest"] == blob.digest)
    let first = try whole.bytes(8 * Self.piece)
    #expect(first == Array(blob.bytes[..<(8 * Self.piece)]))

    // A range that is here but for the last block of it.
    let part = try node.connect()
    try part.sendHead("GET", path, [("Range", "bytes=100000-299999")])
    let partHead = try part.head()
    #expect(partHead.status == 206)
    #expect(partHead["Content-Range"] == "bytes 100000-299999/\(blob.bytes.count)")
    #expect(try part.bytes(100_000) == Array(blob.bytes[100_000..<200_000]))

    let stat = try node.ask("HEAD", path)
    #expect(stat.status == 200)
    #expect(stat["Content-Length"] == "\(blob.bytes.count)")
    #expect(try node.ask("GET", "/v2/other/blobs/\(blob.digest)").status == 404)
    #expect(try node.ask("HEAD", "/v2/other/blobs/\(blob.digest)").status == 404)

    // One that leaves takes nobody with it.
    let leaver = try node.connect()
    try leaver.sendHead("GET", path)
    _ = try leaver.head()
    _ = try leaver.bytes(1000)
    leaver.abandon()
    #expect(!fetch.hasEnded)

    peer.show()
    #expect(try first + whole.bytes(blob.bytes.count - first.count) == blob.bytes)
    #expect(try part.bytes(100_000) == Array(blob.bytes[200_000..<300_000]))
    #expect(try fetch.wait() == .exit(0), "\(fetch.said)")
    // Once for all of them, but for what was on its way when the peer was cut.
    #expect(peer.sentBytes < blob.bytes.count * 3 / 2)
    #expect(try node.ask("GET", path).body == blob.bytes)
    #expect(eventually { node.stagedFetches.isEmpty })
  }

  /// As `docker push` of a layer that another command of the operator is fetching.
  @Test func pushOfABlobThatArrivesSucceedsAndSoDoesTheFetch() throws {
    let blob = Arrival.blob(seed: 2)
    let node = try Arrival.node()
    let torrent = ClassicTorrent(blob.bytes)
    let fetch = try Arrival.fetch(torrent, as: blob, node)
    let peer = try TorrentPeer(torrent, port: node.torrentPort())
    peer.show(10)
    let reader = try node.connect()
    try reader.sendHead("GET", "/v2/mine/blobs/\(blob.digest)")
    _ = try reader.head()
    let first = try reader.bytes(Self.piece)

    try node.connect().push(blob, to: "mine")
    try node.connect().push(blob, to: "other")
    for repository in ["mine", "other"] {
      #expect(try node.ask("GET", "/v2/\(repository)/blobs/\(blob.digest)").body == blob.bytes)
    }
    peer.show()
    #expect(try first + reader.bytes(blob.bytes.count - first.count) == blob.bytes)
    #expect(try fetch.wait() == .exit(0), "\(fetch.said)")
    #expect(eventually { node.stagedFetches.isEmpty })
    #expect(try node.ask("GET", "/v2/mine/blobs/\(blob.digest)").body == blob.bytes)
  }

  /// Bytes that have the torrent's hashes and not the digest: nothing that was answered with them ends well.
  @Test func falseTorrentEndsInAResetAndATrueOneMendsIt() throws {
    let (blob, wrong) = (Arrival.blob(seed: 3), Arrival.blob(seed: 4))
    let node = try Arrival.node()
    let lie = ClassicTorrent(wrong.bytes)
    let fetch = try Arrival.fetch(lie, as: blob, node)
    let liar = try TorrentPeer(lie, port: node.torrentPort())
    let path = "/v2/mine/blobs/\(blob.digest)"
    liar.show(12)
    let readers = try ["bytes=0-", "bytes=65536-262143", "bytes=5-9"].map { range in
      let reader = try node.connect()
      try reader.sendHead("GET", path, range == "bytes=0-" ? [] : [("Range", range)])
      return reader
    }
    #expect(try readers[0].head()["Content-Length"] == "\(blob.bytes.count)")
    #expect(try readers[1].head()["Content-Length"] == "196608")
    let begun = try readers[1].bytes(1000)
    #expect(begun == Array(wrong.bytes[65536..<66536]))

    liar.show()
    for (reader, missing) in [(readers[0], blob.bytes.count), (readers[1], 196_608 - 1000)] {
      let rest = try reader.everything().count
      #expect(reader.wasReset && rest < missing)
    }
    // Less than a block: not a byte of it was told. Its head may have been.
    let last = String(decoding: try readers[2].everything(), as: UTF8.self)
    #expect(last.isEmpty || last.hasSuffix("\r\n\r\n"), "\(last)")
    #expect(try fetch.wait() == .exit(1))
    #expect(fetch.said.contains("digest"), "\(fetch.said)")
    #expect(eventually { node.stagedFetches.isEmpty })
    #expect(try eventually { try node.ask("HEAD", path).status == 404 })

    let again = try Arrival.fetch(lie, as: blob, node)
    #expect(try again.wait(within: .seconds(60)) == .exit(1))
    #expect(again.said.contains("find another torrent"), "\(again.said)")

    let truth = ClassicTorrent(blob.bytes)
    let second = try Arrival.fetch(truth, as: blob, node)
    try TorrentPeer(truth, port: node.torrentPort()).show()
    #expect(try second.wait() == .exit(0), "\(second.said)")
    #expect(try node.ask("GET", path).body == blob.bytes)
  }

  /// A torrent of version 2 whose root is that of other bytes than the digest's, and then one of the digest's own.
  @Test func falsePiecesRootUnderATrueDigestEndsInAResetAndATrueOneMendsIt() throws {
    let (blob, wrong) = (Arrival.blob(seed: 5), Arrival.blob(seed: 6))
    let seed = try Arrival.node(more: ["torrent.rate.upload": "500000"])
    let lie = try Self.secondVersion(of: wrong, from: seed)
    let node = try Arrival.node()
    let fetch = try Arrival.fetch(lie, as: blob, node)
    let reader = try node.connect()
    let target = "/v2/mine/blobs/\(blob.digest)"
    #expect(try eventually { try node.ask("HEAD", target).status == 200 }, "\(fetch.errors.text)")
    try reader.sendHead("GET", target)
    // The file names no tracker: a second command tells of the seed.
    let peer = ["--peer", "127.0.0.1:\(try seed.torrentPort())"]
    let second = try Arrival.fetch(lie, as: blob, node, peer)
    #expect(try reader.head()["Content-Length"] == "\(blob.bytes.count)")
    #expect(try reader.bytes(Self.piece) == Array(wrong.bytes[..<Self.piece]))
    let rest = try reader.everything().count
    #expect(reader.wasReset && rest < blob.bytes.count - Self.piece)
    for fetch in [fetch, second] {
      #expect(try fetch.wait() == .exit(1))
      #expect(fetch.said.contains("digest"), "\(fetch.said)")
    }
    #expect(eventually { node.stagedFetches.isEmpty })
    #expect(try eventually { try node.ask("HEAD", target).status == 404 })

    let truth = try Self.secondVersion(of: blob, from: seed)
    let retry = try Arrival.fetch(truth, as: blob, node, peer)
    #expect(try retry.wait() == .exit(0), "\(retry.said)")
    #expect(try node.ask("GET", target).body == blob.bytes)
  }

  /// A .torrent of version 2 that names nobody, of a blob that the node has from then on and seeds.
  private static func secondVersion(of blob: Blob, from seed: ShoalNode) throws -> String {
    try seed.connect().push(TestImage(layers: [blob]), to: "team/app", as: "1")
    let made = try ShoalCommand([
      "magnet", "127.0.0.1:\(seed.port)/team/app:1", "--json", "--out", seed.folder("torrents"), "--private",
      "--data", seed.data,
    ])
    #expect(try ShoalCommand(["torrent", "start", blob.digest, "--data", seed.data]).code == 0)
    let part = try #require(try made.json([TorrentCommandTests.Part].self).first { $0.digest == blob.digest })
    return try #require(part.torrent)
  }
}
