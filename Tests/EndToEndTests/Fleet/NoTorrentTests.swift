import BlockingBodies
import Glibc
import Testing

/// Members of which some speak no BitTorrent: what they say to each other goes over the fleet's channel all the same.
@Suite(.serialized, .blocking)
struct NoTorrentTests {
  private static let without = ["torrent.enabled": "false"]

  private static func image(_ seed: UInt64) -> TestImage {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    return TestImage(layers: [Blob(random.bytes(5 << 20)), Blob(random.bytes(1000))])
  }

  /// Nodes a and b.
  private static func fleet(without names: [String]) throws -> SmallFleet {
    let fleet = try SmallFleet()
    for name in ["a", "b"] { try fleet.start(name, names.contains(name) ? without : [:]) }
    try fleet.found("a")
    try fleet.join("b", by: try fleet.invite("a"))
    return fleet
  }

  private static func checkWhole(_ image: TestImage, _ tag: String, on node: ShoalNode) throws {
    #expect(try node.answers(200, to: "/v2/team/app/manifests/\(tag)"))
    let connection = try node.connect()
    for blob in image.blobs {
      let head = try connection.ask("HEAD", "/v2/team/app/blobs/\(blob.digest)")
      #expect(head.status == 200, "\(head)")
      let answer = try connection.get("/v2/team/app/blobs/\(blob.digest)")
      #expect(answer.status == 200 && answer.body == blob.bytes)
    }
  }

  @Test(arguments: [["a"], ["b"], ["a", "b"]]) func whatIsPushedToEitherIsPulledFromTheOther(_ names: [String]) throws {
    let fleet = try Self.fleet(without: names)
    for (pushed, pulled, seed) in [("a", "b", 41), ("b", "a", 42)] as [(String, String, UInt64)] {
      let image = Self.image(seed)
      try fleet[pushed].connect().push(image, to: "team/app", as: pushed)
      try Self.checkWhole(image, pushed, on: fleet[pulled])
      try fleet[pushed].kill()
      try Self.checkWhole(image, pushed, on: fleet[pulled])
      try fleet.start(pushed, names.contains(pushed) ? Self.without : [:])
      #expect(try eventually { try fleet.listing(pulled).members.allSatisfy { $0.state == "alive" } })
    }
  }

  /// Without BitTorrent on the one that leaves, and on the one that takes in what it alone keeps.
  @Test(arguments: ["a", "b"]) func aNodeLeavesWhenTheOtherHasTakenInWhatItAloneKeeps(_ name: String) throws {
    let fleet = try Self.fleet(without: [name])
    let image = Self.image(43)
    try fleet["b"].connect().push(image, to: "team/app", as: "1")
    let left = try fleet.command("leave", at: "b")
    #expect(left.code == 0 && left.output.contains("in no fleet"), "\(left.output)\(left.errors)")
    try fleet["b"].kill()
    try Self.checkWhole(image, "1", on: fleet["a"])
  }

  @Test func itSpeaksToNoStrangerWhateverIsPublic() throws {
    let fleet = try SmallFleet()
    try fleet.start("a", Self.without.merging(["torrent.public": "**"]) { $1 })
    try fleet.found("a")
    let image = TestImage("for members")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    let answer = try fleet["a"].ask(
      "GET", "/v2/team/app/blobs/\(image.layers[0].digest)", [("Accept", "application/x-bittorrent")])
    #expect(answer.status != 200 || answer.body == image.layers[0].bytes, "\(answer)")
    #expect(!fleet["a"].process.errors.text.contains("speaking BitTorrent"))
    let fetched = try ShoalCommand(["torrent", "start", image.layers[0].digest, "--data", fleet["a"].data])
    #expect(fetched.code != 0 && fetched.errors.contains("torrent.enabled"), "\(fetched.output)\(fetched.errors)")
  }
}
