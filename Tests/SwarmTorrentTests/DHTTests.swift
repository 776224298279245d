import RegistryCore
import Testing

@testable import SwarmTorrent

@Suite struct DHTTests {
  /// Three that know nothing of each other but where one of them is: who seeds says so there, who fetches asks there.
  @Test func aSeedIsFoundThroughTheDHTAlone() async throws {
    try await TestEngines.with { engines in
      let entrance = try await engines.open(dht: 1, entrance: nil)
      let seed = try await engines.open(dht: 2, entrance: try entrance.peer)
      let blob = try TestBlob(bytes: 300_000, seed: 70)
      try await seed.seed(blob.v1, from: try blob.open(), observer: { _ in })
      // Nothing tells when the seed has said so, and who asked before it does asks again much later: another one asks.
      for host in 3... {
        let other = try await engines.open(dht: host, entrance: try entrance.peer)
        let target = try TestTarget(size: blob.bytes.count)
        let events = TestEvents()
        try await other.fetch(blob.v1, into: target.file, from: [], observer: events.observer)
        do {
          try await events.whole(within: .seconds(60))
          #expect(try target.bytes == blob.bytes)
          return
        } catch {
          guard host < 8 else { throw error }
        }
      }
    }
  }
}

extension TestEngines {
  fileprivate func open(dht host: Int, entrance: PeerEndpoint?) async throws -> LibtorrentEngine {
    var options = SwarmOptions(role: .public, listen: ["127.0.0.\(host):0"])
    options.dhtNodes = entrance.map { ["\($0.address):\($0.port)"] } ?? []
    return try await open(options)
  }
}
