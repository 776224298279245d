import RegistryCore
import Testing

@testable import SwarmTorrent

/// Peers of which an engine is told while it fetches.
@Suite struct IntroductionTests {
  /// And not on a tick of a second.
  @Test func eachIsDialledWhenItIsIntroduced() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100_000, seed: 360)
      let (engine, target) = (try await engines.fleet(1), try TestTarget(size: blob.bytes.count))
      try await engine.fetch(blob.v2, into: target.file, from: [], observer: { _ in })
      var times: [Duration] = []
      for host in 10..<50 {
        let listener = try RawListener(on: "127.0.0.\(host)")
        try engine.admit("127.0.0.\(host)")
        let began = ContinuousClock.now
        await engine.introduce([listener.endpoint], to: blob.v2.infoHash)
        _ = try await listener.accept(within: 60)
        times.append(ContinuousClock.now - began)
      }
      // Half of them: a busy machine makes some late.
      #expect(times.sorted()[times.count / 2] < .milliseconds(500), "\(times)")
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
      _ = try await first.accept(within: 60)
      let member = try RawPeer(from: "127.0.0.2", to: try engine.peer)
      try engine.expect(try member.near)
      try member.sendHandshake(blob.v2.infoHash)
      #expect(try await member.readHandshake() == blob.v2.infoHash.short)
      // Whatever it says first, the handshake is over.
      _ = try await member.read(1)

      let (known, strange) = (try RawListener(on: "127.0.0.2"), try RawListener(on: "127.0.0.3"))
      await engine.introduce([known.endpoint, strange.endpoint], to: blob.v2.infoHash)
      _ = try await strange.accept(within: 60)
      let deadline = ContinuousClock.now + .seconds(60)
      while !way.dials.withLock({ $0.contains { $0.far == strange.endpoint } }), ContinuousClock.now < deadline {
        await Task.yield()
      }
      // Those that hung up may have been dialled again by now.
      #expect(Set(way.dials.withLock { $0.map(\.far) }) == [first.endpoint, strange.endpoint])

      // When it has gone it is.
      let near = try member.near
      member.shut()
      while await engine.peers(of: blob.v2.infoHash).contains(where: { $0.endpoint == near }),
        ContinuousClock.now < deadline
      {
        await Task.yield()
      }
      await engine.introduce([known.endpoint], to: blob.v2.infoHash)
      _ = try await known.accept(within: 60)
    }
  }
}
