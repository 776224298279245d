import BlockingBodies
import Glibc
import Testing

/// Many torrents at once.
@Suite(.blocking)
struct ManyTorrentsTests {
  private static func live(_ node: ShoalNode) throws -> Set<String> {
    let status = try ShoalCommand(["status", "--json", "--data", node.data]).json(TorrentCommandTests.Status.self)
    return Set(status.live.filter(\.isSeeding).map(\.digest))
  }

  @Test func threeHundredStartedTorrentsAreLiveAgainAfterARestart() throws {
    let image = TestImage(layers: (0..<300).map { Blob("layer \($0) of many") })
    let folder = try TemporaryFolder()
    let settings = ["torrent.live_max": "1000"]
    let node = try Arrival.node(in: folder, more: settings)
    try node.connect().push(image, to: "team/app", as: "1")
    let start = try ShoalCommand(["torrent", "start", "team/app:1", "--data", node.data])
    #expect(start.code == 0, "\(start.errors)")
    let wanted = Set((image.blobs + [image.manifest]).map(\.digest))
    #expect(try Self.live(node) == wanted)
    node.process.signal(SIGTERM)
    #expect(try node.process.wait(within: .seconds(60)) == .exit(0))
    let again = try Arrival.node(in: folder, more: settings)
    #expect(try eventually(within: .seconds(60)) { try Self.live(again) == wanted })
    #expect(try again.stop() == .exit(0))
  }

  @Test func beyondTheBoundNoOtherTorrentIsStartedAndTheReasonNamesTheKey() throws {
    let node = try Arrival.node(more: ["torrent.live_max": "10"])
    let image = TestImage(layers: (0..<20).map { Blob("layer \($0) of some") })
    try node.connect().push(image, to: "team/app", as: "1")
    let start = try ShoalCommand(["torrent", "start", "team/app:1", "--data", node.data])
    #expect(start.code == 1)
    #expect(start.errors.contains("torrent.live_max"), "\(start.errors)")
    #expect(try Self.live(node).count <= 10)
    try node.connect().checkService()
  }
}
