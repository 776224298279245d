import BlockingWork
import RegistryCore
import Testing

@testable import SwarmTorrent

/// Strangers who send what libtorrent 2.0.8 does not survive: the process would be gone, not the test failed.
@Suite struct HostilePeerTests {
  /// `pieces root`, base layer, index, length, proof layers (BEP 52).
  private static func hashRequest(root: [UInt8], _ numbers: [Int]) -> [UInt8] { root + numbers.flatMap(bigEndian) }

  private static let noRoot = [UInt8](repeating: 0, count: 32)

  @Test(arguments: [PeerMessage.hashRequest, .hashes, .hashReject])
  func hashMessagesAboutThePadFileAreSurvived(message: PeerMessage) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 1_000_003, seed: 60)
      let engine = try await engines.open(public: 1)
      try await engine.seed(blob.v2, from: try blob.open(), observer: { _ in })
      // Each from an address of its own: one that was cut must wait before it comes again.
      for (host, numbers) in [[0, 0, 1, 0], [2, 0, 1, 0], [0, 0, 2, 0], [0, 1, 1, 1]].enumerated() {
        let stranger = try RawPeer(from: "127.0.0.\(10 + host)", to: try engine.peer)
        try stranger.sendHandshake(blob.v2.infoHash)
        _ = try await stranger.readHandshake()
        var payload = Self.hashRequest(root: Self.noRoot, numbers)
        if message == .hashes { payload += [UInt8](repeating: 7, count: 32 * (numbers[2] + max(0, numbers[3]))) }
        try stranger.send(message, payload)
        try stranger.send(.interested)
        _ = try? await stranger.read(400, within: 1)
      }
      #expect(await engine.live().count == 1)
    }
  }
}
