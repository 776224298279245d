import BlockingWork
import FoundationEssentials
import RegistryCore
import RegistryService
import Testing
import Wire

@testable import RegistryHTTP

/// The operator API about torrents, over swarms that only say what they were told.
struct TorrentOperationsTests {
  private static let digest = Fixture.layerDigest

  private func filled(
    public patterns: [String] = [], arrange: (inout TorrentServices) -> Void = { _ in }
  ) async throws -> TestRegistry {
    let registry = TestRegistry(public: patterns, arrange: arrange)
    for call in Fixture.blobs("a/b") + [Fixture.put(Fixture.manifest, "a/b", "1")] {
      #expect(try await registry.answer(call, call.target).status == 201)
    }
    return registry
  }

  private func ask(_ registry: TestRegistry, _ method: String, _ path: String, body: [UInt8] = []) async throws
    -> Answer
  {
    try await registry.answer(Call(method, path, body: body, 200), "/operator/v1/" + path)
  }

  private func lines<Document: Decodable>(_ answer: Answer) throws -> [Document] {
    try answer.body.split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Document.self, from: Data($0))
    }
  }

  // MARK: - Images

  @Test func imageHasALinkForEachPartThatNamesTheNodeAsTheOperatorDid() async throws {
    let registry = try await filled(public: ["a/**"])
    defer { registry.work.stop() }
    let answer = try await ask(registry, "GET", "torrents/image?repository=a/b&reference=1&host=node.example:5000")
    let parts: [TorrentPartDocument] = try lines(answer)
    #expect(parts.map(\.digest) == [Fixture.manifestDigest, Fixture.configDigest, Self.digest].map(\.description))
    for part in parts {
      let link = try MagnetLink(parsing: try #require(part.magnet))
      #expect(link.infoHash.version == .v1)
      #expect(link.trackers == ["http://node.example:5000/announce", "udp://tracker.example.org:6969"])
      #expect(link.webSeeds.count == 1)
      #expect(part.torrent == link.webSeeds[0] + "?torrent=1")
    }
    #expect(parts[2].torrent?.contains("/v2/a/b/blobs/\(Self.digest)") == true)
    #expect(parts[0].torrent?.contains("/v2/a/b/manifests/\(Fixture.manifestDigest)") == true)
  }

  @Test func torrentOfALinkIsTheOneOfItsFile() async throws {
    let registry = try await filled(public: ["a/**"])
    defer { registry.work.stop() }
    for version in TorrentVersion.allCases {
      let kind = "version=\(version.rawValue)"
      let parts: [TorrentPartDocument] = try lines(
        try await ask(registry, "GET", "torrents/image?repository=a/b&reference=1&\(kind)"))
      let file = try await ask(registry, "GET", "torrents/file?repository=a/b&digest=\(Self.digest)&\(kind)").body
      let link = try MagnetLink(parsing: try #require(parts[2].magnet))
      let document = try TorrentDocument(parsing: file)
      #expect(link.infoHash == InfoHash(version, ofInfo: document.info))
      #expect(document.size == 7)
    }
  }

  @Test func privateImageHasNoLinkAndTheReasonNamesTheKey() async throws {
    let registry = try await filled()
    defer { registry.work.stop() }
    let answer = try await ask(registry, "GET", "torrents/image?repository=a/b&reference=1")
    #expect(answer.status == 403)
    #expect(String(decoding: answer.body, as: UTF8.self).contains("torrent.public: ['a/b']"))
    #expect(try await ask(registry, "GET", "torrents/file?repository=a/b&digest=\(Self.digest)").status == 403)
  }

  @Test func operatorGetsAFileOfAPrivateBlobThatNamesNobody() async throws {
    let registry = try await filled()
    defer { registry.work.stop() }
    let answer = try await ask(registry, "GET", "torrents/file?repository=a/b&digest=\(Self.digest)&private&host=h:1")
    let document = try TorrentDocument(parsing: answer.body)
    #expect(document.versions == [.v2])
    #expect(document.trackers.isEmpty && document.webSeeds.isEmpty)
    let parts: [TorrentPartDocument] = try lines(
      try await ask(registry, "GET", "torrents/image?repository=a/b&reference=1&private"))
    #expect(parts.count == 3)
    #expect(parts.allSatisfy { $0.magnet == nil && $0.torrent == nil })
  }

  @Test func indexHasThePartsOfItsChildrenToo() async throws {
    let registry = try await filled(public: ["**"])
    defer { registry.work.stop() }
    let index = Fixture.index([(Fixture.manifestDigest, Fixture.manifest.count)])
    let put = Fixture.put(index, "a/b", "all", Fixture.indexType)
    #expect(try await registry.answer(put, put.target).status == 201)
    let parts = try JSONDecoder().decode(
      [TorrentPartDocument].self,
      from: Data(try await ask(registry, "GET", "torrents/parts?repository=a/b&reference=all").body))
    #expect(
      parts.map(\.digest)
        == [Digest(of: index), Fixture.manifestDigest, Fixture.configDigest, Self.digest].map(\.description))
  }

  @Test func toTheNetworkNothingOfThisExists() async throws {
    let registry = try await filled(public: ["**"])
    defer { registry.work.stop() }
    for path in ["status", "torrents", "torrents/file?repository=a/b&digest=\(Self.digest)"] {
      let answer = try await registry.answer(
        Call("GET", path, 404), "/operator/v1/" + path, peer: .network(address: "127.0.0.1", port: 9))
      #expect(answer.status == 404)
    }
  }

  @Test func whoAsksForHashesThatTakeLongIsAskedToComeBackAndFindsThemThen() async throws {
    let registry = try await filled(public: ["**"]) { $0.patience = .milliseconds(20) }
    defer { registry.work.stop() }
    let path = "/v2/a/b/blobs/\(Self.digest)?torrent"
    let blocker = await registry.occupyWork()
    let refused = try await registry.answer(Call("GET", path, 503), path)
    #expect(refused.status == 503)
    #expect(refused.fields["Retry-After"] == "1")
    blocker.leave()
    let deadline = ContinuousClock.now + .seconds(60)
    while try await registry.answer(Call("GET", path, 200), path).status != 200 {
      try #require(ContinuousClock.now < deadline)
    }
  }

  // MARK: - Single torrents

  @Test func verificationOfASoundBlobEndsWellAndOfARottenOneTellsTheFault() async throws {
    let registry = try await filled()
    defer { registry.work.stop() }
    let steps: [TorrentVerificationDocument] = try lines(
      try await ask(registry, "POST", "torrents/verify?digest=\(Self.digest)"))
    #expect(steps.last?.isFinished == true)
    #expect(steps.last?.fault == nil)
    #expect(steps.last?.checkedBytes == 7)
    registry.rot(Self.digest)
    let again: [TorrentVerificationDocument] = try lines(
      try await ask(registry, "POST", "torrents/verify?digest=\(Self.digest)"))
    #expect(again.last?.fault?.contains("another digest") == true)
    #expect(try await ask(registry, "POST", "torrents/verify?digest=\(Self.digest)").status == 404)
  }

  @Test func startStopAndRestReachTheSwarm() async throws {
    let swarm = ToldSwarm()
    let registry = try await filled { $0.swarm = swarm }
    defer { registry.work.stop() }
    #expect(try await ask(registry, "POST", "torrents/start?digest=\(Self.digest)").status == 204)
    #expect(try await ask(registry, "POST", "torrents/stop?digest=\(Self.digest)").status == 204)
    #expect(try await ask(registry, "POST", "torrents/rest?digest=\(Self.digest)").status == 204)
    #expect(swarm.said == ["start \(Self.digest)", "stop \(Self.digest)", "rest \(Self.digest)"])
  }

  @Test func showTellsWithWhomATorrentIsConnected() async throws {
    let registry = try await filled { $0.swarm = ToldSwarm() }
    defer { registry.work.stop() }
    let answer = try await ask(registry, "GET", "torrents/show?digest=\(Fixture.layerDigest)")
    let shown = try JSONDecoder().decode(BlobTorrentsDocument.self, from: Data(answer.body))
    let peers = try #require(shown.live.first?.connections)
    #expect(peers.map(\.name) == ["192.0.2.1:6881"] && peers.map(\.uploadedBytes) == [70])
    #expect(peers.allSatisfy { $0.node == nil })
  }

  @Test func withoutASwarmTheAnswerSaysWhatToStart() async throws {
    let registry = try await filled()
    defer { registry.work.stop() }
    let answer = try await ask(registry, "POST", "torrents/start?digest=\(Self.digest)")
    #expect(answer.status == 503)
    #expect(String(decoding: answer.body, as: UTF8.self).contains("shoal serve"))
  }

  // MARK: - Fetches

  @Test func fetchIsToldFromItsOrderToItsEnd() async throws {
    let swarm = ToldSwarm()
    let registry = try await filled(public: ["**"]) { $0.swarm = swarm }
    defer { registry.work.stop() }
    let file = try await ask(registry, "GET", "torrents/file?repository=a/b&digest=\(Self.digest)").body
    let steps: [FetchDocument] = try lines(
      try await ask(
        registry, "POST", "blobs/fetch?digest=\(Self.digest)&repository=c&peer=192.0.2.9:6881", body: file))
    #expect(steps.map(\.state) == ["resolving", "running", "finished"])
    #expect(steps.last?.verifiedBytes == 7)
    #expect(swarm.said == ["fetch \(Self.digest) into c from 192.0.2.9:6881"])
  }

  @Test func linkIsResolvedFirstAndItsFailureIsTheFetchs() async throws {
    let swarm = ToldSwarm()
    let registry = try await filled {
      $0.swarm = swarm
      $0.resolveMagnet = { link, _ throws(RegistryError) in
        throw RegistryError(.unavailable, "nobody knows \(link.infoHash.urn)")
      }
    }
    defer { registry.work.stop() }
    let urn = "urn:btih:" + String(repeating: "a", count: 40)
    let link = Query.encode("magnet:?xt=\(urn)")
    let steps: [FetchDocument] = try lines(
      try await ask(registry, "POST", "blobs/fetch?digest=\(Self.digest)&repository=c&magnet=\(link)"))
    #expect(steps.map(\.state) == ["resolving", "failed"])
    #expect(steps.last?.message == "nobody knows \(urn)")
    #expect(swarm.said.isEmpty)
  }

  @Test(arguments: ["", "hello", "d4:infode", "magnet=nonsense"])
  func badTorrentIsRefusedBeforeAnythingBegins(_ what: String) async throws {
    let swarm = ToldSwarm()
    let registry = try await filled { $0.swarm = swarm }
    defer { registry.work.stop() }
    let magnet = what.hasPrefix("magnet=") ? "&\(what)" : ""
    let answer = try await ask(
      registry, "POST", "blobs/fetch?digest=\(Self.digest)&repository=c\(magnet)", body: Array(what.utf8))
    #expect(answer.status == 400)
    #expect(swarm.said.isEmpty)
  }

  @Test func statusShowsWhatMoves() async throws {
    let swarm = ToldSwarm()
    let registry = try await filled(public: ["a/*"]) {
      $0.swarm = swarm
      $0.hashing = { HashingReport(isAtWork: true, doneBlobs: 1, doneBytes: 5, leftBlobs: 2, leftBytes: 10) }
    }
    defer { registry.work.stop() }
    let status = try JSONDecoder().decode(
      StatusDocument.self, from: Data(try await ask(registry, "GET", "status").body))
    #expect(status.publicPatterns == ["a/*"])
    #expect(status.hashing?.leftBlobs == 2)
    #expect(status.live.map(\.digest) == [Self.digest.description])
    #expect(status.hasSwarm && status.makesTorrents)
    #expect(status.publicTrouble == "the port is taken")
  }
}

/// Writes down what it is told; its one fetch takes one look to be done.
private final class ToldSwarm: SwarmOperations {
  private struct State {
    var said: [String] = []
    var looks = 0
    var order: FetchOrder?
  }

  private let state = Lock(State())

  var said: [String] { state.withLock { $0.said } }

  var publicTrouble: RegistryError? { RegistryError(.unavailable, "the port is taken", cause: "not for clients") }

  func live() async -> [LiveTorrent] {
    [
      LiveTorrent(
        digest: Fixture.layerDigest, infoHash: InfoHash(version: .v1, bytes: [UInt8](repeating: 1, count: 20)), size: 7,
        isSeeding: true, verifiedBytes: 7, peers: 3, seeds: 1, downloadBytesPerSecond: 0, uploadBytesPerSecond: 9,
        downloadedBytes: 0, uploadedBytes: 70, wastedBytes: 0)
    ]
  }

  func peers(of torrent: LiveTorrent) async -> [ConnectedPeer] {
    [
      ConnectedPeer(
        LivePeer(
          PeerEndpoint(address: "192.0.2.1", port: 6881), pieces: 1, isSeed: false, uploadBytesPerSecond: 9,
          uploadedBytes: 70), member: nil)
    ]
  }

  func start(_ digest: Digest) async throws(RegistryError) { state.withLock { $0.said.append("start \(digest)") } }

  func stop(_ digest: Digest) async throws(RegistryError) { state.withLock { $0.said.append("stop \(digest)") } }

  func rest(_ digest: Digest) async throws(RegistryError) { state.withLock { $0.said.append("rest \(digest)") } }

  func fetch(_ order: FetchOrder) async throws(RegistryError) {
    state.withLock { state in
      let peers = order.peers.map(\.description).joined(separator: " ")
      state.said.append("fetch \(order.digest) into \(order.repository) from \(peers)")
      state.order = order
    }
  }

  func fetches() async -> [FetchReport] {
    state.withLock { state in
      guard let order = state.order else { return [] }
      state.looks += 1
      return [
        FetchReport(
          digest: order.digest, repositories: [order.repository], size: order.torrent.size,
          verifiedBytes: state.looks > 1 ? order.torrent.size : 0, peers: 1, bytesPerSecond: 0,
          state: state.looks > 1 ? .finished : .running)
      ]
    }
  }

  func cancelFetch(of digest: Digest) async throws(RegistryError) {
    state.withLock { $0.said.append("cancel \(digest)") }
  }
}
