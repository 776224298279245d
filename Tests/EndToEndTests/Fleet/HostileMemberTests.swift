import BlockingBodies
import Testing

/// A member that takes part in a swarm with its own certificate, and not as it should: whoever pulls beside it gets the blob
/// whole.
@Suite(.serialized, .blocking)
struct HostileMemberTests {
  private struct Torrents: Decodable {
    struct Torrent: Decodable {
      let version: Int
      let infoHash: String
      let pieceBytes: Int
    }

    let torrents: [Torrent]
  }

  private let fleet: SmallFleet

  /// `a` sends so slowly that there is time for others.
  init() throws {
    fleet = try SmallFleet()
    try fleet.start("a", ["fleet.rate.upload": "2MiB"])
    try fleet.found("a")
    for name in ["b", "m"] {
      try fleet.start(name)
      try fleet.join(name, by: try fleet.invite("a"))
    }
  }

  /// An image on `a`, of which `b` has heard.
  private func push(_ seed: UInt64) throws -> (blob: Blob, swarm: TunnelPeer.Swarm) {
    var random = SeededRandom(seed: seed)
    let image = TestImage(layers: [Blob(random.bytes(12 << 20))])
    let blob = image.layers[0]
    try fleet["a"].connect().push(image, to: "team/app", as: "\(seed)")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/\(seed)"))
    let command = try SmallFleet.run(["torrent", "show", blob.digest, "--json", "--data", fleet["a"].data])
    let torrent = try #require(try command.json([Torrents].self).flatMap(\.torrents).first { $0.version == 2 })
    return (
      blob,
      .init(
        digest: "\(blob.digest)", repository: "team/app", infoHash: torrent.infoHash, pieceBytes: torrent.pieceBytes,
        size: blob.bytes.count)
    )
  }

  /// `m` at another one's fleet port.
  private func hostile(_ manner: TunnelPeer.Manner, at name: String, _ swarm: TunnelPeer.Swarm) throws -> TunnelPeer {
    try TunnelPeer(
      as: fleet["m"].data, believing: "\(fleet["a"].data)/fleet/ca.crt", port: try fleet[name].fleetPort(), swarm,
      manner)
  }

  private func pull(_ blob: Blob) throws {
    let answer = try fleet["b"].connect().get("/v2/team/app/blobs/\(blob.digest)")
    #expect(answer.status == 200 && answer.body == blob.bytes, "\(answer.status), \(answer.body.count) bytes")
  }

  private func banned(by name: String) throws -> [String] {
    try LyingMemberTests.bans(fleet[name]).filter { $0.value.source == "swarm" }.keys.sorted()
  }

  @Test func whoSaysThatItHasAllAndSendsNothingHoldsNobodyUp() throws {
    let (blob, swarm) = try push(401)
    let hostile = try hostile(.stalls, at: "b", swarm)
    defer { hostile.leave() }
    try pull(blob)
    #expect(hostile.askedCount > 0, "\(hostile.trouble ?? "")")
    #expect(try banned(by: "b").isEmpty, "to be slow is no lie")
  }

  @Test func whoSendsOtherBytesIsFoundOut() throws {
    // A piece that another one brought in the meantime was never asked of it.
    let isBanned = try (0..<5).contains { round in
      let (blob, swarm) = try push(402 + UInt64(round))
      let hostile = try hostile(.lies, at: "b", swarm)
      defer { hostile.leave() }
      try pull(blob)
      return try eventually(within: .seconds(10)) { try !banned(by: "b").isEmpty }
    }
    #expect(isBanned)
    #expect(try banned(by: "b") == ["m"], "\(fleet["b"].process.errors.text)")
    #expect(try banned(by: "a").isEmpty)
  }

  /// The one that was pushed to shows each piece to one member, which is to hand it on.
  @Test func whoTakesWhatItIsShownAndShowsNothingHoldsNobodyUp() throws {
    let (blob, swarm) = try push(410)
    let hostile = try hostile(.takes, at: "a", swarm)
    defer { hostile.leave() }
    let hasBegun = eventually { hostile.receivedBytes > 0 }
    #expect(hasBegun, "\(hostile.trouble ?? "")")
    try pull(blob)
  }
}
