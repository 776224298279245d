import RegistryCore
import RegistryService
import RegistryTesting
import Testing

struct SwarmContractTests {
  @Test(arguments: SwarmEngineContract.clauses)
  func theMemoryKeepsTheSwarmEngineContract(_ clause: SwarmEngineContract.Clause) async throws {
    let swarm = MemorySwarm()
    try await clause.check(
      SwarmBench(
        makeEngine: { swarm.makeEngine() },
        torrent: { bytes, version in
          let torrent = try SwarmNode.torrent(bytes, version, as: .hashing(bytes))
          swarm.describe(torrent, as: bytes)
          return torrent
        }))
  }
}
