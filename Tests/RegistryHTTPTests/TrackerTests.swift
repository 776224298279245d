import RegistryCore
import RegistryService
import Testing
import Wire

@testable import RegistryHTTP

/// `/announce`, asked within the process as if over the network.
struct TrackerTests {
  private static let local = PeerAddress.network(address: "192.0.2.1", port: 5000)

  private static func peer(_ number: Int) -> PeerAddress { .network(address: "198.51.100.\(number)", port: 40_000) }

  private func announce(
    _ registry: TestRegistry, _ infoHash: InfoHash, _ number: Int, left: Int = 1, _ more: String = ""
  ) async throws -> String {
    let hash = infoHash.short.map { "%" + Hex.encode([$0]) }.joined()
    let target =
      "/announce?info_hash=\(hash)&peer_id=-XX0000-12345678901\(number)&port=\(7000 + number)&left=\(left)\(more)"
    let answer = try await registry.answer(
      Call("GET", target, 200), target, peer: Self.peer(number), local: Self.local)
    #expect(answer.status == 200)
    #expect(answer.fields["Content-Type"] == "text/plain")
    return String(decoding: answer.body, as: Unicode.ASCII.self)
  }

  /// A registry that holds the layer, and the hash of its torrent.
  private func registry(public patterns: [String]) async throws -> (TestRegistry, InfoHash) {
    let registry = TestRegistry(public: patterns)
    for call in [Fixture.push(Fixture.layer, to: "a/b")] { _ = try await registry.answer(call, call.target) }
    let ticket = try #require(SwarmTicket(of: Fixture.layer, Fixture.layerDigest))
    return (registry, SwarmTorrent(ticket).infoHash)
  }

  /// As a client reads them: 4 bytes of address, 2 of port.
  private func compact(_ endpoints: (String, UInt16)...) throws -> String {
    let bytes = try endpoints.flatMap { address, port in
      try #require(PeerEndpoint(address: address, port: port).compact)
    }
    return String(decoding: Array("5:peers\(bytes.count):".utf8) + bytes, as: Unicode.ASCII.self)
  }

  @Test func leecherHearsOfThisNodeAtTheAddressThatItReachedAndWakesTheTorrent() async throws {
    let (registry, infoHash) = try await registry(public: ["a/*"])
    defer { registry.work.stop() }
    let first = try await announce(registry, infoHash, 1)
    #expect(first.contains(try compact(("192.0.2.1", 6881))))
    #expect(registry.woken.withLock { $0 } == [Fixture.layerDigest])
    let second = try await announce(registry, infoHash, 2)
    #expect(second.contains(try compact(("192.0.2.1", 6881), ("198.51.100.1", 7001))))
    #expect(second.contains("10:incompletei2e"))
  }

  @Test func seedHearsOfLeechersAloneAndWakesNothing() async throws {
    let (registry, infoHash) = try await registry(public: ["**"])
    defer { registry.work.stop() }
    _ = try await announce(registry, infoHash, 1)
    registry.woken.withLock { $0 = [] }
    let answer = try await announce(registry, infoHash, 2, left: 0)
    #expect(answer.contains(try compact(("198.51.100.1", 7001))))
    #expect(registry.woken.withLock { $0 }.isEmpty)
  }

  @Test func whoStopsIsHeardOfNoMore() async throws {
    let (registry, infoHash) = try await registry(public: ["**"])
    defer { registry.work.stop() }
    _ = try await announce(registry, infoHash, 1)
    #expect(try await announce(registry, infoHash, 1, "&event=stopped").contains("5:peers0:"))
    #expect(try await announce(registry, infoHash, 2).contains(try compact(("192.0.2.1", 6881))))
  }

  @Test func torrentsThatArePrivateAndTorrentsThatNobodyHasAreTheSame() async throws {
    let (registry, infoHash) = try await registry(public: ["other/**"])
    defer { registry.work.stop() }
    let hidden = try await announce(registry, infoHash, 1)
    let unknown = try await announce(registry, InfoHash(version: .v1, bytes: [UInt8](repeating: 9, count: 20)), 1)
    #expect(hidden.hasPrefix("d14:failure reason"))
    #expect(hidden == unknown)
    #expect(registry.woken.withLock { $0 }.isEmpty)
  }

  @Test(arguments: ["&port=0", "&ip=203.0.113.9&left=x", "&event=exploded", "&numwant=-1"])
  func malformedAnnounceIsToldSoInTheBody(_ more: String) async throws {
    let (registry, infoHash) = try await registry(public: ["**"])
    defer { registry.work.stop() }
    #expect(try await announce(registry, infoHash, 1, more).hasPrefix("d14:failure reason"))
  }

  @Test func addressThatAClientClaimsCountsForNothing() async throws {
    let (registry, infoHash) = try await registry(public: ["**"])
    defer { registry.work.stop() }
    _ = try await announce(registry, infoHash, 1, "&ip=203.0.113.9&ipv6=2001:db8::9")
    #expect(
      try await announce(registry, infoHash, 2).contains(
        try compact(("192.0.2.1", 6881), ("198.51.100.1", 7001))))
  }

  @Test func announceOverTheNodesOwnSocketIsRefused() async throws {
    let (registry, _) = try await registry(public: ["**"])
    defer { registry.work.stop() }
    let answer = try await registry.answer(Call("GET", "/announce", 200), "/announce")
    #expect(String(decoding: answer.body, as: UTF8.self).contains("over the network"))
  }
}
