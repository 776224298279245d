import BlockingBodies
import FoundationEssentials
import Glibc
import Testing

/// A member that sends other bytes than the blob's, with real processes: its disk changes under it, after it has looked.
@Suite(.serialized, .blocking)
struct LyingMemberTests {
  struct Listing: Decodable {
    struct Member: Decodable {
      let name: String
      let ban: Ban?
    }

    struct Ban: Decodable {
      let source: String
      let digest: String?
      let endsInSeconds: Int
    }

    let members: [Member]
  }

  /// Members that a node has banned.
  static func bans(_ node: ShoalNode) throws -> [String: Listing.Ban] {
    let listing = try ShoalCommand(["fleet", "ls", "--json", "--data", node.data]).json(Listing.self)
    return listing.members.reduce(into: [:]) { $0[$1.name] = $1.ban }
  }

  /// Each block of the blob's file is another from now on.
  private static func spoil(_ blob: Blob, _ node: ShoalNode) throws {
    let path = RotTests.path(blob, node)
    chmod(path, 0o600)
    defer { chmod(path, 0o400) }
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { throw Trouble(errno: "open \(path)") }
    defer { close(file) }
    for offset in stride(from: 777, to: blob.bytes.count, by: 16_384) {
      var byte = ~blob.bytes[offset]
      guard pwrite(file, &byte, 1, off_t(offset)) == 1 else { throw Trouble(errno: "pwrite") }
    }
  }

  private static func image(_ seed: UInt64, layerBytes: Int) -> TestImage {
    var random = SeededRandom(seed: seed)
    return TestImage(layers: [Blob(random.bytes(layerBytes))])
  }

  private static func pull(_ image: TestImage, from node: ShoalNode) throws {
    let blob = image.layers[0]
    let answer = try node.connect().get("/v2/team/app/blobs/\(blob.digest)")
    #expect(answer.status == 200 && answer.body == blob.bytes, "\(answer.status), \(answer.body.count) bytes")
  }

  private static func metric(_ name: String, _ node: ShoalNode) throws -> Double {
    let lines = try node.ask("GET", "/metrics").text.split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix(name + " ") }) else { throw Trouble("no \(name)") }
    return Double(line.dropFirst(name.count + 1)) ?? -1
  }

  /// `m` alone has the first layer, and `a` and `m` the second.
  @Test func whoLiesOverTheChannelIsShownAndLeftOut() throws {
    let fleet = try SmallFleet("a", "m", "b")
    let (first, second) = (Self.image(71, layerBytes: 600_000), Self.image(72, layerBytes: 600_000))
    try fleet["m"].connect().push(first, to: "team/app", as: "1")
    try fleet["a"].connect().push(second, to: "team/app", as: "2")
    #expect(try fleet["m"].answers(200, to: "/v2/team/app/manifests/2"))
    try Self.pull(second, from: fleet["m"])
    for tag in ["1", "2"] { #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/\(tag)")) }
    for image in [first, second] { try Self.spoil(image.layers[0], fleet["m"]) }

    // Nobody else has it: it does not come, and no other bytes come either.
    let digest = first.layers[0].digest
    let connection = try fleet["b"].connect()
    try connection.sendHead("GET", "/v2/team/app/blobs/\(digest)")
    let answer = try? connection.answer()
    #expect(answer?.status != 200 || (answer?.body.count ?? 0) < 600_000)
    let isBanned = try eventually { try Self.bans(fleet["b"])["m"] != nil }
    #expect(isBanned, "\(fleet["b"].process.errors.text)")
    let ban = try #require(try Self.bans(fleet["b"])["m"])
    #expect(ban.source == "channel" && ban.digest == digest && 3_000...3_600 ~= ban.endsInSeconds)

    // What another has comes from that one at once.
    try Self.pull(second, from: fleet["b"])
    #expect(try Self.bans(fleet["b"]).keys.sorted() == ["m"] && Self.bans(fleet["a"]).isEmpty)
    #expect(try Self.metric("shoal_fleet_banned_members", fleet["b"]) == 1)
    #expect(try Self.metric("shoal_fleet_banned_members", fleet["a"]) == 0)
    let (listing, status) = (try fleet.command("ls", at: "b"), try ShoalCommand(["status", "--data", fleet["b"].data]))
    #expect(listing.errors.contains("sent this node wrong bytes of \(digest) (channel)"), "\(listing.errors)")
    #expect(status.output.contains("1 member sent wrong bytes"), "\(status.output)")
    let told = "a member sent wrong bytes"
    #expect(fleet["b"].process.errors.line { $0.contains(told) } != nil)
    #expect(fleet["b"].process.errors.lines.count { $0.contains(told) } == 1)
  }

  /// It has handed every piece to `c` before its disk changes, and does not look at them again.
  @Test func whoLiesInASwarmIsLeftOutAndThePullIsWhole() throws {
    let fleet = try SmallFleet("a", "m")
    // It does not send all of it before `m` is there.
    try fleet.start("c", ["fleet.rate.upload": "2MiB"])
    try fleet.start("b")
    for name in ["c", "b"] { try fleet.join(name, by: try fleet.invite("a")) }
    // What `c` had over the channel `m` looks at before it hands it on, and then it stops by itself: of a few images one
    // comes through the swarm.
    let isBanned = try (0..<5).contains { round in
      let image = Self.image(73 + UInt64(round), layerBytes: 24 << 20)
      try fleet["m"].connect().push(image, to: "team/app", as: "\(round)")
      for name in ["b", "c"] { #expect(try fleet[name].answers(200, to: "/v2/team/app/manifests/\(round)")) }
      try Self.pull(image, from: fleet["c"])
      try Self.spoil(image.layers[0], fleet["m"])
      try Self.pull(image, from: fleet["b"])
      return try eventually(within: .seconds(10)) { try Self.bans(fleet["b"])["m"] != nil }
    }
    #expect(isBanned, "\(fleet["b"].process.errors.text)\n\(fleet["m"].process.errors.text)")
    let banned = try Self.bans(fleet["b"])
    // The one that sent what was right is not.
    #expect(banned.keys.sorted() == ["m"], "\(banned); \(fleet["b"].process.errors.text)")
  }
}
