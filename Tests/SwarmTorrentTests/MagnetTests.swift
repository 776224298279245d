import BlockingWork
import OpenSSLKit
import RegistryCore
import Testing

@testable import SwarmTorrent

/// In this process, where the product has a child for it.
@Suite struct MagnetTests {
  private func resolve(_ resolution: MagnetResolution, milliseconds: Int) async throws -> [UInt8] {
    let thread = BlockingPool(name: "test-magnet", threads: 1)
    let outcome: Result<[UInt8], RegistryError> = await thread.run {
      do throws(RegistryError) {
        return .success(try resolution.resolve(milliseconds: milliseconds))
      } catch {
        return .failure(error)
      }
    }
    thread.stop()
    return try outcome.get()
  }

  private func resolution(_ torrent: SwarmTorrent, from engine: LibtorrentEngine) throws -> MagnetResolution {
    var resolution = MagnetResolution(infoHashes: [torrent.infoHash])
    resolution.peers = [try engine.peer]
    resolution.dht = false
    resolution.listen = "127.0.0.2:0"
    return resolution
  }

  @Test(arguments: [100, 1_000_003], TorrentVersion.allCases)
  func aPublicSeedTellsWhatAMagnetLinkLeavesOut(size: Int, version: TorrentVersion) async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: size, seed: 70)
      let torrent = blob.torrent(version)
      let seed = try await engines.open(public: 1)
      try await seed.seed(torrent, from: try blob.open(), observer: { _ in })
      let file = try await resolve(try resolution(torrent, from: seed), milliseconds: 60_000)
      var expected = Array("d4:info".utf8) + torrent.info
      if !torrent.pieceLayer.isEmpty {
        expected += Array("12:piece layersd32:".utf8) + blob.root
        expected += Array("\(torrent.pieceLayer.count):".utf8) + torrent.pieceLayer + Array("e".utf8)
      }
      #expect(file == expected + Array("e".utf8))
    }
  }

  @Test func aPieceLayerOfManyRequestsIsLearntWhole() async throws {
    try await TestEngines.with { engines in
      // More pieces than the 512 whose hashes go into one message.
      let blob = try TestBlob(bytes: 600 * 64 * 1024 + 1, seed: 71)
      let seed = try await engines.open(public: 1)
      try await seed.seed(blob.v2, from: try blob.open(), observer: { _ in })
      let file = try await resolve(try resolution(blob.v2, from: seed), milliseconds: 60_000)
      #expect(file.suffix(blob.v2.pieceLayer.count + 2) == blob.v2.pieceLayer + Array("ee".utf8))
    }
  }

  @Test func aMagnetLinkThatNobodyKnowsIsGivenUpInTime() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 100, seed: 72)
      let stranger = try await engines.open(public: 1)
      let took = ContinuousClock.now
      let error = await #expect(throws: RegistryError.self) {
        _ = try await resolve(try resolution(blob.v1, from: stranger), milliseconds: 300)
      }
      #expect(error?.code == .unavailable)
      #expect(ContinuousClock.now - took < .seconds(50))
    }
  }

  @Test func anInfoDictionaryOverTheLimitIsNotTaken() async throws {
    try await TestEngines.with { engines in
      let blob = try TestBlob(bytes: 8 * 1024 * 1024, seed: 73)
      let seed = try await engines.open(public: 1)
      try await seed.seed(blob.v1, from: try blob.open(), observer: { _ in })
      var resolution = try resolution(blob.v1, from: seed)
      resolution.limitBytes = 1000
      #expect(blob.v1.info.count > 1000)
      await #expect(throws: RegistryError.self) { _ = try await resolve(resolution, milliseconds: 2000) }
    }
  }
}
