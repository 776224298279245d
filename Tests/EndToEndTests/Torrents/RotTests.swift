import BlockingBodies
import Glibc
import Testing

/// Files that change under a seeding torrent: the torrent ends, the blob is put aside, and nobody writes where blobs lie.
@Suite(.blocking)
struct RotTests {
  enum Rot: CaseIterable {
    case flippedByte
    case truncated
  }

  static func path(_ blob: Blob, _ node: ShoalNode) -> String {
    let hex = blob.digest.dropFirst(7)
    return "\(node.data)/blobs/sha256/\(hex.prefix(2))/\(hex)"
  }

  static func spoil(_ path: String, _ rot: Rot) throws {
    chmod(path, 0o600)
    defer { chmod(path, 0o400) }
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { throw Trouble(errno: "open \(path)") }
    defer { close(file) }
    switch rot {
    case .flippedByte:
      var byte: UInt8 = 0
      guard pread(file, &byte, 1, 400_000) == 1 else { throw Trouble(errno: "pread") }
      byte ^= 1
      guard pwrite(file, &byte, 1, 400_000) == 1 else { throw Trouble(errno: "pwrite") }
    case .truncated:
      guard ftruncate(file, 400_000) == 0 else { throw Trouble(errno: "ftruncate") }
    }
  }

  /// What would show that somebody wrote there.
  private static func state(_ path: String) throws -> [Int] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Trouble(errno: "stat \(path)") }
    return [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }

  /// A seed that made its torrent live, and the path of the .torrent.
  private static func seed(
    _ blob: Blob, version: String, _ settings: [String: String] = [:]
  ) throws -> (ShoalNode, file: String) {
    let seed = try Arrival.node(more: settings)
    try seed.connect().push(TestImage(layers: [blob]), to: "team/app", as: "1")
    let made = try ShoalCommand(
      ["magnet", "127.0.0.1:\(seed.port)/team/app:1", "--json", "--out", seed.folder("torrents"), "--data", seed.data]
        + (version == "2" ? ["--v2"] : []))
    let part = try #require(try made.json([TorrentCommandTests.Part].self).first { $0.digest == blob.digest })
    let started = try ShoalCommand(["torrent", "start", blob.digest, "--data", seed.data])
    #expect(started.code == 0, "\(started.errors)")
    return (seed, try #require(part.torrent))
  }

  /// Two CI jobs push the same layer, and somebody is fetching it: the file that is seeded loses its name to another.
  @Test(arguments: ["1", "2"])
  func blobThatIsPushedAgainWhileItIsFetchedArrives(_ version: String) throws {
    let blob = Arrival.blob(seed: 22, pieces: 64)
    let (seed, file) = try Self.seed(blob, version: version, ["torrent.rate.upload": "400000"])
    let node = try Arrival.node()
    let peer = ["--peer", "127.0.0.1:\(try seed.torrentPort())"]
    let fetch = try Arrival.fetch(file, as: blob, node, peer)
    let reader = try node.connect()
    let target = "/v2/mine/blobs/\(blob.digest)"
    #expect(try eventually { try node.ask("HEAD", target).status == 200 }, "\(fetch.errors.text)")
    try reader.sendHead("GET", target)
    _ = try reader.head()
    let first = try reader.bytes(100_000)
    let before = try Self.state(Self.path(blob, seed))
    let again = try seed.ask("POST", "/v2/team/app/blobs/uploads/?digest=\(blob.digest)", body: blob.bytes)
    #expect(again.status == 201)
    #expect(try Self.state(Self.path(blob, seed)) != before, "the second push did not replace the file")
    #expect(!fetch.hasEnded, "the fetch was over before the second push")
    #expect(try fetch.wait() == .exit(0), "\(fetch.said)")
    #expect(try first + reader.bytes(blob.bytes.count - first.count) == blob.bytes)
    let second = try Arrival.node()
    #expect(try Arrival.fetch(file, as: blob, second, peer).wait() == .exit(0))
    #expect(!seed.process.errors.text.contains("a torrent was stopped"), "\(seed.process.errors.text)")
  }

  @Test(arguments: Rot.allCases, ["1", "2"])
  func rottenBlobIsPutAsideAndNeverArrives(_ rot: Rot, _ version: String) throws {
    let blob = Arrival.blob(seed: 20)
    let (seed, file) = try Self.seed(blob, version: version)
    let path = Self.path(blob, seed)
    try Self.spoil(path, rot)
    let (before, rotten) = (try Self.state(path), try contents(of: path))

    let node = try Arrival.node()
    let command = try Arrival.fetch(file, as: blob, node)
    let line = seed.process.errors.line(within: .seconds(60)) { $0.contains("a blob rotted under its torrent") }
    #expect(line?.contains(blob.digest) == true, "\(seed.process.errors.text)")
    let aside = "\(seed.data)/quarantine/sha256-\(blob.digest.dropFirst(7))"
    #expect(try Self.state(aside) == before)
    #expect(try contents(of: aside) == rotten)
    #expect(access(path, F_OK) != 0)
    #expect(try seed.ask("HEAD", "/v2/team/app/blobs/\(blob.digest)").status == 404)
    let status = try ShoalCommand(["status", "--json", "--data", seed.data]).json(TorrentCommandTests.Status.self)
    #expect(!status.live.contains { $0.digest == blob.digest })

    #expect(!command.hasEnded || command.said.contains("digest"))
    #expect(try ShoalCommand(["blob", "cancel", blob.digest, "--data", node.data]).code == 0)
    #expect(try command.wait() == .exit(1))
    #expect(eventually { node.stagedFetches.isEmpty })
    #expect(try node.ask("HEAD", "/v2/mine/blobs/\(blob.digest)").status == 404)

    // A push heals.
    try seed.connect().push(blob, to: "team/app")
    #expect(try seed.ask("GET", "/v2/team/app/blobs/\(blob.digest)").body == blob.bytes)
    #expect(try ShoalCommand(["torrent", "start", blob.digest, "--data", seed.data]).code == 0)
  }

  @Test func blobWhoseFileIsGoneLosesItsTorrentsAndItsNames() throws {
    let blob = Arrival.blob(seed: 21)
    let (seed, file) = try Self.seed(blob, version: "1")
    unlink(Self.path(blob, seed))
    let node = try Arrival.node()
    let command = try Arrival.fetch(file, as: blob, node)
    let line = seed.process.errors.line(within: .seconds(60)) { $0.contains("a blob rotted under its torrent") }
    #expect(line?.contains(blob.digest) == true, "\(seed.process.errors.text)")
    #expect(try seed.ask("HEAD", "/v2/team/app/blobs/\(blob.digest)").status == 404)
    let start = try ShoalCommand(["torrent", "start", blob.digest, "--data", seed.data])
    #expect(start.code == 1, "\(start.output)")
    #expect(try ShoalCommand(["blob", "cancel", blob.digest, "--data", node.data]).code == 0)
    #expect(try command.wait() == .exit(1))
    #expect(try node.ask("HEAD", "/v2/mine/blobs/\(blob.digest)").status == 404)
  }
}
