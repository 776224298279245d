import RegistryCore
import Testing

@testable import SwarmTorrent

/// Peers of which an engine is told while it fetches.
@Suite struct IntroductionTests {
  /// On a tick of a second these would take longer than that.
  @Test func eachIsDialledWhenItIsIntroduced() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 360)
      let (engine, target) = (try await engines.fleet(1), try TestTarget(size: blob.bytes.count))
      try await engine.fetch(blob.v2, into: target.file, from: [], observer: { _ in })
      let began = ContinuousClock.now
      for host in 10..<50 {
        let listener = try RawListener(on: "127.0.0.\(host)")
        try engine.admit("127.0.0.\(host)")
        await engine.introduce([listener.endpoint], to: blob.v2.infoHash)
        _ = try await listener.accept(within: 20)
      }
      #expect(ContinuousClock.now - began < .seconds(20))
    }
  }

  /// Its connection came from another port, as each does that a member has dialled.
  @Test func whoHasDialledIsNotDialledBesides() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 361)
      let (engine, way) = (try await engines.fleet(1) { $0.expectedOnly = true }, NotedWay())
      engine.lead(through: way)
      let target = try TestTarget(size: blob.bytes.count)
      let first = try RawListener(on: "127.0.0.4")
      try await engine.fetch(blob.v2, into: target.file, from: [first.endpoint], observer: { _ in })
      // Before its check has ended it takes nobody.
      _ = try await first.accept(within: 20)
      let member = try RawPeer(from: "127.0.0.2", to: try engine.peer)
      try engine.expect(try member.near)
      try member.sendHandshake(blob.v2.infoHash)
      #expect(try await member.readHandshake() == blob.v2.infoHash.short)
      // Whatever it says first, the handshake is over.
      _ = try await member.read(1)

      let (known, strange) = (try RawListener(on: "127.0.0.2"), try RawListener(on: "127.0.0.3"))
      await engine.introduce([known.endpoint, strange.endpoint], to: blob.v2.infoHash)
      _ = try await strange.accept(within: 20)
      let deadline = ContinuousClock.now + .seconds(20)
      while way.dials.withLock({ $0.count < 2 }), ContinuousClock.now < deadline { await Task.yield() }
      #expect(way.dials.withLock { $0.map(\.far) } == [first.endpoint, strange.endpoint])

      // When it has gone it is.
      let peers = try #require(await engine.live().first).peers
      member.shut()
      while try #require(await engine.live().first).peers >= peers, ContinuousClock.now < deadline {
        await Task.yield()
      }
      await engine.introduce([known.endpoint], to: blob.v2.infoHash)
      _ = try await known.accept(within: 20)
    }
  }
}
