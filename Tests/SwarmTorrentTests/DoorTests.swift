import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct DoorTests {
  /// From an address that is admitted: any local user can dial from there.
  @Test func whoWasNotExpectedGetsNotAByte() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 320)
      let seed = try await engines.fleet(1) { $0.expectedOnly = true }
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let stranger = try RawPeer(from: "127.0.0.2", to: try seed.peer)
      try stranger.sendHandshake(blob.v2.infoHash)
      #expect(try await stranger.read(1, within: 60) == [])

      let member = try RawPeer(from: "127.0.0.2", to: try seed.peer)
      try seed.expect(try member.near)
      try member.sendHandshake(blob.v2.infoHash)
      #expect(try await member.readHandshake() == blob.v2.infoHash.short)

      // Beside one that is there, and with what was expected once used up.
      let other = try RawPeer(from: "127.0.0.2", to: try seed.peer)
      try other.sendHandshake(blob.v2.infoHash)
      #expect(try await other.read(1, within: 60) == [])
    }
  }

  @Test func whatIsDialledIsToldToTheWayAsTheOtherSideSeesIt() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 322)
      let (engine, way) = (try await engines.fleet(1) { $0.expectedOnly = true }, NotedWay())
      engine.lead(through: way)
      let listener = try RawListener(on: "127.0.0.2")
      let target = try TestTarget(size: blob.bytes.count)
      try await engine.fetch(blob.v2, into: target.file, from: [listener.endpoint], observer: { _ in })
      let accepted = try await listener.accept(within: 60)
      try await way.dialled.wait()
      let dial = try #require(way.dials.withLock { $0.first })
      #expect(dial.near == (try accepted.far))
      #expect(dial.far == listener.endpoint)
      #expect(dial.torrent == blob.v2.infoHash)
    }
  }

  @Test func theDoorstepIsWhereTheEngineListensUntilItIsClosed() async throws {
    try await TestEngines.with { engines in
      let engine = try await engines.fleet(1)
      #expect(engine.doorstep?.address == "127.0.0.1")
      await engine.close()
      #expect(engine.doorstep == nil)
      #expect(throws: RegistryError.self) { try engine.expect(PeerEndpoint(address: "127.0.0.2", port: 1)) }
    }
  }

  @Test func thoseWhoAreFarShareARateOfTheirOwn() async throws {
    let rate = 1024 * 1024
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 2 * 1024 * 1024, seed: 323)
      let seed = try await engines.fleet(1) { options in
        options.rates.farUpload = rate
        options.hidesFromBytes = nil
      }
      // Wherever an engine listens, it dials from here.
      try seed.place("127.0.0.1", isFar: true)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      func time(_ host: Int) async throws -> Duration {
        let engine = try await engines.fleet(host) { $0.hidesFromBytes = nil }
        let target = try TestTarget(size: blob.bytes.count)
        let began = ContinuousClock.now
        _ = try await engine.fetch(blob.v2, into: target, from: seed)
        return ContinuousClock.now - began
      }
      // 2 MiB at 1 MiB a second, of which a burst may come at once.
      #expect(try await time(2) > .milliseconds(700))
      try await seed.set(SwarmOptions.Rates(farUpload: 1))
      try seed.place("127.0.0.1", isFar: false)
      // Whoever is near, or near again, is not held up by one byte a second.
      _ = try await time(3)
    }
  }
}
