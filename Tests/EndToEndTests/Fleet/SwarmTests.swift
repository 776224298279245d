import BlockingBodies
import Glibc
import Testing

/// Members that hand each other parts of blobs, with real processes.
@Suite(.serialized, .blocking)
struct SwarmTests {
  private static func image(_ seed: UInt64, layerBytes: Int) -> TestImage {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    return TestImage(layers: [Blob(random.bytes(layerBytes))])
  }

  /// Bytes of blobs that came to a node that way, as it counts them.
  private static func bytes(_ source: String, to node: ShoalNode) throws -> Int {
    let name = "shoal_blob_bytes_total{source=\"\(source)\"} "
    let lines = try node.ask("GET", "/metrics").text.split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix(name) }) else { throw Trouble("no \(name)") }
    return Int(Double(line.dropFirst(name.count)) ?? -1)
  }

  /// All ask for it at the same time.
  private static func pull(_ blob: Blob, by nodes: [ShoalNode]) throws {
    let connections = try nodes.map { try $0.connect() }
    for connection in connections { try connection.sendHead("GET", "/v2/team/app/blobs/\(blob.digest)") }
    for connection in connections {
      let answer = try connection.answer()
      #expect(answer.status == 200 && answer.body == blob.bytes, "\(answer.status), \(answer.body.count) bytes")
    }
  }

  @Test func whatSeveralPullAtOnceComesToThemThroughASwarm() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let image = Self.image(61, layerBytes: 32 << 20)
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    let others = ["b", "c"].map { fleet[$0] }
    for node in others { #expect(try node.answers(200, to: "/v2/team/app/manifests/1")) }
    try Self.pull(image.layers[0], by: others)
    for node in others {
      let isSwarm = try eventually { try Self.bytes("swarm", to: node) > 0 }
      let channel = try Self.bytes("channel", to: node)
      #expect(isSwarm, "\(channel) over the channel; \(node.process.errors.text)")
    }
    // They have it whole, and need nobody for it.
    try fleet["a"].kill()
    try Self.pull(image.layers[0], by: others)
  }

  /// What is here is handed on through swarms by who got it so.
  @Test func whoCameByItThroughASwarmHandsItOn() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let image = Self.image(62, layerBytes: 32 << 20)
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    for name in ["b", "c"] {
      #expect(try fleet[name].answers(200, to: "/v2/team/app/manifests/1"))
    }
    try Self.pull(image.layers[0], by: [fleet["b"]])
    try fleet["a"].kill()
    try Self.pull(image.layers[0], by: [fleet["c"]])
    #expect(try eventually { try Self.bytes("swarm", to: fleet["c"]) > 0 })
  }

  @Test(arguments: [["fleet.swarm": "false"], ["torrent.enabled": "false"]])
  func aMemberWithoutSwarmsHasTheSameBytesOverTheChannel(_ settings: [String: String]) throws {
    let fleet = try SmallFleet("a")
    try fleet.start("b", settings)
    try fleet.join("b", by: try fleet.invite("a"))
    let image = Self.image(63, layerBytes: 8 << 20)
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    try Self.pull(image.layers[0], by: [fleet["b"]])
    #expect(try eventually { try Self.bytes("channel", to: fleet["b"]) >= 8 << 20 })
  }

  /// A node gets up and sits down at another table while it runs.
  @Test func whoLeavesAFleetAndJoinsAgainTakesPartInItsSwarms() throws {
    let fleet = try SmallFleet("a", "b")
    let left = try fleet.command("leave", at: "b")
    #expect(left.code == 0, "\(left.errors)")
    try fleet.join("b", by: try fleet.invite("a"))
    let image = Self.image(64, layerBytes: 32 << 20)
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    try Self.pull(image.layers[0], by: [fleet["b"]])
    #expect(try eventually { try Self.bytes("swarm", to: fleet["b"]) > 0 })
  }

  /// It has only what came before: its tunnels are cut, and none of its connections is taken any more.
  @Test func whoIsRemovedWhileItFetchesGetsNothingMore() throws {
    // Slow enough that the removal is through long before the end.
    let fleet = try SmallFleet()
    try fleet.start("a", ["fleet.rate.upload": "2MiB"])
    try fleet.found("a")
    try fleet.start("b")
    try fleet.join("b", by: try fleet.invite("a"))
    let size = 96 << 20
    var random = SeededRandom(seed: 65)
    let part = random.bytes(1 << 20)
    var bytes: [UInt8] = []
    for _ in 0..<size >> 20 { bytes += part }
    let image = TestImage(layers: [Blob(bytes)])
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    let target = "/v2/team/app/blobs/\(image.layers[0].digest)"
    let reading = try fleet["b"].connect()
    try reading.sendHead("GET", target)
    let head = try reading.head()
    #expect(head.status == 200)
    let begun = try reading.bytes(1 << 20)
    let removal = try fleet.command("remove", "b", at: "a")
    #expect(removal.code == 0, "\(removal.errors)")
    let rest = try reading.everything()
    #expect(begun.count + rest.count < size, "all of it came before the removal was through")
    // Whoever joins the fetch in the moment of its end is cut off as well.
    #expect(eventually { (try? fleet["b"].ask("GET", target).status) == 503 })
  }
}
