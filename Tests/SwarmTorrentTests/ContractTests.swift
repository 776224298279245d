import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import SwarmTorrent

@Suite struct ContractTests {
  @Test(arguments: SwarmEngineContract.clauses)
  func libtorrentKeepsTheSwarmEngineContract(_ clause: SwarmEngineContract.Clause) async throws {
    try await TestEngines.with { engines in
      let hosts = Lock(0)
      try await clause.check(
        SwarmBench(
          makeEngine: {
            let host = hosts.withLock { count in
              count += 1
              return count
            }
            return try await engines.fleet(host)
          },
          torrent: { bytes, version in try TestBlob(holding: bytes).torrent(version) }))
    }
  }
}
