import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct AdmissionTests {
  @Test func whoIsNotRegisteredGetsNotAByteOfAHandshake() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 40)
      let seed = try await engines.fleet(1)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let stranger = try RawPeer(from: "127.0.0.9", to: try seed.peer)
      try stranger.sendHandshake(blob.v2.infoHash)
      #expect(try await stranger.read(1, within: 60) == [])

      let member = try RawPeer(from: "127.0.0.2", to: try seed.peer)
      try member.sendHandshake(blob.v2.infoHash)
      #expect(try await member.readHandshake() == blob.v2.infoHash.short)
    }
  }

  @Test func whoIsNotRegisteredIsNotConnectedTo() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 41)
      let engine = try await engines.fleet(1)
      let (stranger, member) = (try RawListener(on: "127.0.0.9"), try RawListener(on: "127.0.0.2"))
      let target = try TestTarget(size: blob.bytes.count)
      try await engine.fetch(
        blob.v2, into: target.file, from: [stranger.endpoint, member.endpoint], observer: { _ in })
      // The member's connection comes, which was tried after the stranger's.
      #expect(try await member.accept(within: 60).readHandshake() == blob.v2.infoHash.short)
      await #expect(throws: TestFailure.self) { _ = try await stranger.accept(within: 0) }
    }
  }

  @Test func whoIsDismissedIsCutInTheMiddle() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 42)
      let seed = try await engines.fleet(1)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let member = try RawPeer(from: "127.0.0.2", to: try seed.peer)
      try member.sendHandshake(blob.v2.infoHash)
      _ = try await member.readHandshake()
      try seed.dismiss("127.0.0.2")
      // Throws when the other side keeps it open.
      try await member.readToEnd(within: 60)
    }
  }

  @Test func aPortInUseIsToldAndTheNextAddressIsTried() async throws {
    try await TestEngines.with { engines in
      let taken = try RawListener(on: "127.0.0.1")
      let address = taken.endpoint.description
      let error = await #expect(throws: RegistryError.self) {
        _ = try await engines.open(SwarmOptions(role: .fleet, listen: [address]))
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("port \(taken.endpoint.port) for BitTorrent is in use") == true)
      #expect(error?.message.contains("torrent.listen") == true)

      let engine = try await engines.open(SwarmOptions(role: .fleet, listen: [address, "127.0.0.1:0"]))
      #expect(engine.endpoint?.address == "127.0.0.1")
      #expect(engine.endpoint?.port != taken.endpoint.port)
    }
  }

  @Test func anEngineListensOnSeveralAddressesAtOnce() async throws {
    try await TestEngines.with { engines in
      let engine = try await engines.open(SwarmOptions(role: .public, listen: ["127.0.0.1:0,[::1]:0"]))
      #expect(Set(engine.endpoints.map(\.address)) == ["127.0.0.1", "::1"])
    }
  }
}

@Suite struct PrivacyTests {
  @Test func aFleetEngineNeverAnnounces() async throws {
    try await TestEngines.with { engines in
      let fleet = try await engines.fleet(1)
      for off in [
        "enable_dht", "enable_lsd", "enable_upnp", "enable_natpmp", "enable_incoming_utp", "enable_outgoing_utp",
      ] {
        #expect(try fleet.session.setting(off) == 0, "\(off)")
      }
      let open = try await engines.open(public: 2)
      #expect(try open.session.setting("enable_incoming_utp") == 1)
      #expect(try open.session.setting("enable_lsd") == 0)
      #expect(try open.session.setting("dht_restrict_search_ips") == 0)
    }
  }

  @Test func aFleetEngineOffersNeitherPeersOfPeersNorItsInfoDictionary() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 43)
      let (fleet, open) = (try await engines.fleet(1), try await engines.open(public: 2))
      var offered: [String] = []
      for engine in [fleet, open] {
        try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
        let peer = try RawPeer(from: "127.0.0.3", to: try engine.peer)
        try peer.sendHandshake(blob.v2.infoHash)
        _ = try await peer.readHandshake()
        offered.append(try await peer.readExtensions())
      }
      #expect(!offered[0].contains("ut_pex") && !offered[0].contains("ut_metadata"))
      #expect(offered[1].contains("ut_pex") && offered[1].contains("ut_metadata"))
    }
  }

  @Test func aFleetEngineTellsNoTracker() async throws {
    try await TestEngines.with { engines in
      let tracker = try RawListener(on: "127.0.0.1")
      let blob = try TestBlob(bytes: 100_000, seed: 44)
      let announced = SwarmTorrent(
        digest: blob.digest, size: blob.v2.size, pieceBytes: blob.v2.pieceBytes, infoHash: blob.v2.infoHash,
        info: blob.v2.info, pieceLayer: blob.v2.pieceLayer, trackers: ["http://\(tracker.endpoint)/announce"])
      let (fleet, open) = (try await engines.fleet(1), try await engines.open(public: 2))
      try await fleet.seed(announced, from: try blob.open(), observer: { _ in })
      #expect(await fleet.live().count == 1)
      await fleet.close()
      await #expect(throws: TestFailure.self) { _ = try await tracker.accept(within: 0) }
      try await open.seed(announced, from: try blob.open(), observer: { _ in })
      let request = try await tracker.accept(within: 60).readLine()
      #expect(request.hasPrefix("GET /announce?info_hash="))
    }
  }
}
