import FoundationEssentials
import Glibc

/// A blob of twenty pieces, the last one short, and a node that fetches it from a peer in the test's hand.
struct Arrival {
  /// BitTorrent on loopback alone, and nothing asked of the world.
  static let settings = ["torrent.public": "**", "torrent.listen": "127.0.0.1:0", "torrent.dht": "false"]

  static func blob(seed: UInt64, pieces: Int = 20) -> Blob {
    var random = SeededRandom(seed: seed)
    return Blob(random.bytes(pieces * ClassicTorrent.pieceBytes - 1000))
  }

  /// `shoal blob fetch`, at work.
  static func fetch(
    _ torrent: ClassicTorrent, as blob: Blob, into repository: String = "mine", _ node: ShoalNode, _ more: [String] = []
  ) throws -> ChildProcess {
    let file = node.folder("\(torrent.infoHash[0])-\(torrent.infoHash[1]).torrent")
    try write(torrent.file, to: file)
    return try fetch(file, as: blob, into: repository, node, more)
  }

  static func fetch(
    _ source: String, as blob: Blob, into repository: String = "mine", _ node: ShoalNode, _ more: [String] = []
  ) throws -> ChildProcess {
    try ChildProcess(
      [ShoalBinary.path, "blob", "fetch", source, "--digest", blob.digest, "--into", repository, "--json"]
        + ["--data", node.data] + more)
  }

  static func node(
    in folder: TemporaryFolder? = nil, data: String? = nil, more settings: [String: String] = [:]
  ) throws -> ShoalNode {
    var options = ShoalNode.Options()
    options.settings = Self.settings.merging(settings) { $1 }
    options.data = data
    return try ShoalNode(in: folder ?? TemporaryFolder(), options)
  }
}

extension ShoalNode {
  private struct Speaking: Decodable {
    let address: String
  }

  /// Where it speaks BitTorrent.
  func torrentPort() throws -> UInt16 {
    guard let line = process.errors.line(where: { $0.contains("speaking BitTorrent to strangers") }) else {
      throw Trouble("no BitTorrent: \(process.errors.text)")
    }
    let address = try JSONDecoder().decode(Speaking.self, from: Data(line.utf8)).address
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[colon...].dropFirst()) else {
      throw Trouble("no port in \(address)")
    }
    return port
  }

  var stagedFetches: [String] { TemporaryFolder.names(in: data + "/staging/fetch") }
}

extension ChildProcess {
  /// What a command said on both outputs, once it has ended.
  var said: String { errors.complete() + output.complete() }
}
