import BlockingBodies
import FoundationEssentials
import Testing

/// Torrents as users meet them: one node that has an image, another that fetches from it.
@Suite(.blocking)
struct TorrentCommandTests {
  /// BitTorrent on loopback alone, and nothing asked of the world.
  private static func settings(public patterns: String = "") -> [String: String] {
    ["torrent.public": patterns, "torrent.listen": "127.0.0.1:0", "torrent.dht": "false"]
  }

  struct Part: Decodable {
    let digest: String
    let mediaType: String
    let size: Int
    let magnet: String?
    let torrent: String?
  }

  struct Fetched: Decodable {
    let state: String
    let size: Int
  }

  struct Status: Decodable {
    struct Live: Decodable {
      let digest: String
      let isSeeding: Bool
    }

    let publicPatterns: [String]
    let live: [Live]
  }

  /// An image of a layer of several pieces.
  private static let image = TestImage(layers: [Blob(String(repeating: "many pieces of a layer ", count: 20_000))])

  private func shoal(_ node: ShoalNode, _ arguments: String...) throws -> ShoalCommand {
    try ShoalCommand(arguments + ["--data", node.data])
  }

  private func parts(_ node: ShoalNode, _ arguments: String...) throws -> [Part] {
    let command = try ShoalCommand(
      ["magnet", "127.0.0.1:\(node.port)/team/app:1", "--json", "--data", node.data] + arguments)
    #expect(command.code == 0, "\(command.errors)")
    return try command.json([Part].self)
  }

  @Test(arguments: ["1", "2"]) func imageGoesFromNodeToNodeByFileAndByMagnetLink(_ version: String) throws {
    let layer = Self.image.layers[0]
    try withNode(settings: Self.settings(public: "team/*")) { seed in
      try seed.connect().push(Self.image, to: "team/app", as: "1")
      let kind = version == "2" ? ["--v2"] : []
      let files = seed.folder("torrents")
      let parts = try ShoalCommand(
        ["magnet", "127.0.0.1:\(seed.port)/team/app:1", "--json", "--out", files, "--data", seed.data] + kind
      ).json([Part].self)
      #expect(parts.map(\.digest) == [Self.image.manifest, Self.image.config, layer].map(\.digest))
      let link = try #require(parts[2].magnet)
      #expect(link.contains(version == "2" ? "urn:btmh:1220" : "urn:btih:"))
      let file = try #require(parts[2].torrent)

      for source in [file, link] {
        try withNode(settings: Self.settings()) { other in
          let fetch = try shoal(other, "blob", "fetch", source, "--digest", layer.digest, "--into", "mine", "--json")
          #expect(fetch.code == 0, "\(source): \(fetch.errors)")
          #expect(try fetch.json(Fetched.self).size == layer.bytes.count)
          #expect(try other.ask("GET", "/v2/mine/blobs/\(layer.digest)").body == layer.bytes)
        }
      }
      let status = try shoal(seed, "status", "--json").json(Status.self)
      #expect(status.publicPatterns == ["team/*"])
      #expect(status.live.contains { $0.digest == layer.digest && $0.isSeeding })
      #expect(try shoal(seed, "torrent", "stop", "team/app:1").code == 0)
      #expect(try shoal(seed, "status", "--json").json(Status.self).live.isEmpty)

      let decided = try shoal(seed, "torrent", "show", layer.digest, "--json")
      #expect(decided.output.contains("stopped"))
      #expect(try shoal(seed, "torrent", "rest", "team/app:1").code == 0)
      #expect(try !shoal(seed, "torrent", "show", layer.digest, "--json").output.contains("stopped"))
    }
  }

  @Test func bytesOfAnotherDigestAreNotKept() throws {
    let wrong = Blob("not what the torrent is of")
    try withNode(settings: Self.settings(public: "**")) { seed in
      try seed.connect().push(Self.image, to: "team/app", as: "1")
      let link = try #require(try parts(seed)[1].magnet)
      try withNode(settings: Self.settings()) { other in
        let fetch = try shoal(other, "blob", "fetch", link, "--digest", wrong.digest, "--into", "mine")
        #expect(fetch.code == 1)
        #expect(fetch.errors.contains("digest"), "\(fetch.errors)")
        #expect(try other.ask("HEAD", "/v2/mine/blobs/\(wrong.digest)").status == 404)
      }
    }
  }

  @Test func privateImageHasNoLinkAndTheReasonNamesTheKey() throws {
    try withNode(settings: Self.settings(public: "public/**")) { node in
      try node.connect().push(Self.image, to: "team/app", as: "1")
      let refused = try shoal(node, "magnet", "team/app:1")
      #expect(refused.code == 1)
      #expect(refused.errors.contains("torrent.public: ['team/app']"))
      #expect(refused.output.isEmpty)
      let files = node.folder("torrents")
      #expect(try shoal(node, "magnet", "team/app:1", "--private").code == 2)
      #expect(try shoal(node, "magnet", "team/app:1", "--private", "--out", files).code == 0)
      #expect(TemporaryFolder.names(in: files).count == 3)
      let answer = try node.ask(
        "GET", "/v2/team/app/blobs/\(Self.image.layers[0].digest)", [("Accept", "application/x-bittorrent")])
      #expect(answer.status == 406)
    }
  }

  @Test func linksAreMadeWithoutANodeTooAndNothingMovesThen() throws {
    let folder = try TemporaryFolder()
    let node = try ShoalNode(in: folder)
    try node.connect().push(Self.image, to: "team/app", as: "1")
    try node.stop()
    let magnet = try ShoalCommand(
      ["magnet", "team/app:1", "--json", "--data", node.data], environment: ["SHOAL_TORRENT_PUBLIC": "**"])
    #expect(try magnet.json([Part].self).allSatisfy { $0.magnet != nil })
    let start = try shoal(node, "torrent", "start", Self.image.layers[0].digest)
    #expect(start.code == 3)
    #expect(start.errors.contains("shoal serve"))
    #expect(try shoal(node, "blob", "cancel", Self.image.layers[0].digest).code == 3)
    // It would keep the node that it waits for from the folder.
    #expect(try shoal(node, "status", "--watch").code == 3)
    #expect(try shoal(node, "torrent", "verify", "team/app:1").code == 0)
  }

  private struct Verified: Decodable, Equatable {
    let digest: String
    let size: Int
    let isSound: Bool
    var fault: String?
  }

  @Test func verificationTellsProgramsOfEachBlobWhatItCameTo() throws {
    try withNode(settings: Self.settings()) { node in
      try node.connect().push(Self.image, to: "team/app", as: "1")
      let parts = try shoal(node, "torrent", "verify", "team/app:1", "--json")
      #expect(parts.code == 0)
      let verified = try parts.json([Verified].self)
      #expect(verified.count == Self.image.layers.count + 2)
      #expect(verified.allSatisfy { $0.isSound && $0.fault == nil })
      let layer = Self.image.layers[0]
      #expect(verified.contains(Verified(digest: layer.digest, size: layer.bytes.count, isSound: true)))

      try RotTests.spoil(RotTests.path(layer, node), .flippedByte)
      let rotten = try shoal(node, "torrent", "verify", layer.digest, "--json")
      #expect(rotten.code == 1)
      let found = try #require(try rotten.json([Verified].self).first)
      #expect(!found.isSound && found.digest == layer.digest)
      #expect(found.fault?.isEmpty == false)
    }
  }

  @Test func watchingEndsWithItsReaderAndEachLookIsALineForPrograms() throws {
    try withNode(settings: Self.settings()) { node in
      let line = "'\(ShoalBinary.path)' status --watch --json --data '\(node.data)' | head -n 2"
      let watch = try ChildProcess(["/bin/sh", "-c", line])
      #expect(try watch.wait(within: .seconds(60)) == .exit(0))
      let looks = watch.output.complete().split(separator: "\n")
      #expect(looks.count == 2)
      for look in looks { _ = try JSONDecoder().decode(Status.self, from: Data(look.utf8)) }
    }
  }

  @Test func watchedStatusThatGoesToAFileClearsNoScreenInIt() throws {
    try withNode(settings: Self.settings()) { node in
      let file = node.folder("status")
      let line = "'\(ShoalBinary.path)' status --watch --data '\(node.data)' | head -n 1 > '\(file)'"
      // Complaints go to a terminal, the answer does not.
      let watch = try ChildProcess(["/usr/bin/script", "-qec", line, "/dev/null"])
      #expect(try watch.wait(within: .seconds(60)) == .exit(0))
      #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("node "))
    }
  }

  @Test func portThatIsTakenIsToldAndTheNextOneIsTaken() throws {
    try withNode(settings: Self.settings()) { holder in
      var settings = Self.settings(public: "**")
      settings["torrent.listen"] = "127.0.0.1:\(holder.port)"
      try withNode(settings: settings) { node in
        let line = node.process.errors.line { $0.contains("BitTorrent clients cannot reach this node") }
        #expect(line?.contains("127.0.0.1:\(holder.port)") == true, "\(line ?? "nothing was said")")
        try node.connect().checkService()
        #expect(try shoal(node, "status").output.contains("strangers cannot reach it: port \(holder.port)"))
      }
      settings["torrent.listen"] = "127.0.0.1:\(holder.port),127.0.0.1:0"
      try withNode(settings: settings) { node in
        #expect(node.process.errors.line { $0.contains("speaking BitTorrent to strangers") } != nil)
      }
    }
  }
}
