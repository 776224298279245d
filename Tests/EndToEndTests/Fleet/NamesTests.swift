import BlockingBodies
import Testing

/// One name for an image, wherever it is pulled.
@Suite(.serialized, .blocking)
struct NamesTests {
  private static let settings = ["names": "registry.test", "torrent.public": "**"]

  private static func get(
    _ target: String, called host: String, from node: ShoalNode, accept: String = "*/*"
  ) throws -> HTTPAnswer {
    let connection = try node.connect()
    try connection.send(Array("GET \(target) HTTP/1.1\r\nHost: \(host)\r\nAccept: \(accept)\r\n\r\n".utf8))
    return try connection.answer(toHead: false)
  }

  @Test func anImageIsPulledByOneNameFromEachNode() throws {
    let fleet = try SmallFleet()
    try fleet.start("a", Self.settings)
    try fleet.found("a")
    try fleet.start("b", Self.settings)
    try fleet.join("b", by: try fleet.invite("a"))
    let image = TestImage("of one name")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    for name in ["a", "b"] {
      let port = fleet[name].port
      let process = try ChildProcess([
        "curl", "-sS", "--resolve", "registry.test:\(port):127.0.0.1", "-w", "%{http_code}",
        "http://registry.test:\(port)/v2/team/app/manifests/1",
      ])
      try process.wait()
      #expect(process.output.complete() == String(decoding: image.manifest.bytes, as: UTF8.self) + "200")
      for blob in image.blobs {
        let answer = try Self.get("/v2/team/app/blobs/\(blob.digest)", called: "registry.test", from: fleet[name])
        #expect(answer.status == 200 && answer.body == blob.bytes)
      }
    }
  }

  /// Whatever a client called the node: others shall find the fleet, and not the one node.
  @Test func torrentsNameTheFleetAndNotTheNode() throws {
    let folder = try TemporaryFolder()
    var options = ShoalNode.Options()
    options.settings = Self.settings.merging(["torrent.dht": "false"]) { $1 }
    let node = try ShoalNode(in: folder, options)
    let image = TestImage("for strangers")
    try node.connect().push(image, to: "team/app", as: "1")
    let target = "/v2/team/app/blobs/\(image.layers[0].digest)"
    let cases = [
      ("127.0.0.1:5000", "http://registry.test/v2/"), ("registry.test:5001", "http://registry.test:5001/v2/"),
    ]
    for (called, expected) in cases {
      let answer = try Self.get(target, called: called, from: node, accept: "application/x-bittorrent")
      #expect(answer.status == 200)
      #expect(String(decoding: answer.body, as: UTF8.self).contains(expected), "\(called)")
    }
    let magnet = try ShoalCommand(["magnet", "team/app:1", "--data", node.data])
    #expect(magnet.output.contains("registry.test"), "\(magnet.output)\(magnet.errors)")
  }

  @Test func commandsTakeImagesAsClientsWriteThem() throws {
    let folder = try TemporaryFolder()
    var options = ShoalNode.Options()
    options.settings = ["torrent.dht": "false"]
    let node = try ShoalNode(in: folder, options)
    let image = TestImage("of one name")
    try node.connect().push(image, to: "team/app", as: "1")
    let file = node.folder("names.yaml")
    try write(Array("names: [registry.test]\n".utf8), to: file)
    for words in [["image", "tags", "registry.test/team/app"], ["image", "inspect", "registry.test/team/app:1"]] {
      let command = try ShoalCommand(words + ["--config", file, "--data", node.data])
      #expect(command.code == 0 && command.output.contains(image.manifest.digest), "\(words): \(command.errors)")
      #expect(try ShoalCommand(words + ["--data", node.data]).code != 0, "no name of this registry")
    }
  }

  @Test func commandsKnowTheNamesOfTheNodeThatRuns() throws {
    let folder = try TemporaryFolder()
    var options = ShoalNode.Options()
    options.settings = ["names": "registry.test", "torrent.dht": "false"]
    let node = try ShoalNode(in: folder, options)
    let image = TestImage("of one name")
    try node.connect().push(image, to: "team/app", as: "1")
    let command = try ShoalCommand(["image", "tags", "registry.test/team/app", "--data", node.data])
    #expect(command.code == 0 && command.output.contains(image.manifest.digest), "\(command.errors)")
  }

  @Test func aCertificateThatDoesNotNameTheRegistryIsToldOf() throws {
    let folder = try TemporaryFolder()
    let certificate = try Certificate(in: folder, name: "other.test")
    var options = ShoalNode.Options()
    options.settings = certificate.settings.merging(["names": "registry.test", "torrent.dht": "false"]) { $1 }
    let node = try ShoalNode(in: folder, options)
    #expect(node.process.errors.line(where: { $0.contains("does not name the registry") }) != nil)
  }
}
