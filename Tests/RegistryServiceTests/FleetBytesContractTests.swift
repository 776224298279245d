import RegistryCore
import RegistryService
import RegistryTesting
import Testing

@Suite struct FleetBytesContractTests {
  @Test(arguments: FleetBytesContract.clauses) func theMembersOfATestKeepTheContract(
    _ clause: StoreClause<FleetBytesSubject>
  ) async throws {
    let nodes = JoinedNodes()
    let node = try await SwarmNode { $0.way = nodes.way }
    nodes.add(node, as: 1)
    let bench = node.bench
    let subject = FleetBytesSubject(
      nodes.others(than: 9), holder: JoinedNodes.id(1),
      push: { bytes, repository in try await bench.pushBlob(bytes, to: repository) },
      publish: { manifest, repository in
        _ = try await bench.registry.manifests.push(
          manifest.document.bytes, contentType: nil, to: .digest(manifest.digest), in: repository)
      }, silence: { nodes.set(1) { $0.isAway = true } })
    try await clause.check(subject)
    await node.close()
  }
}
