import RegistryCore

/// The bytes that other members hold; of a node that is alone, none.
extension NodeFleet: FleetBytes {
  nonisolated func holders(
    of digest: Digest, in repository: RepositoryName, clues: BlobClues
  ) async -> [Holding] {
    await current?.channel.holders(of: digest, in: repository, clues: clues) ?? []
  }

  nonisolated func swarm(
    of digest: Digest, in repository: RepositoryName, clues: BlobClues
  ) async -> SwarmFinding {
    guard let channel = current?.channel else { return SwarmFinding() }
    let found = await channel.swarm(of: digest, in: repository, clues: clues)
    // A fetch is about to begin; one that is under way has its tunnels.
    if clues.ticket == nil { swarm.withLock { $0 }?.tunnels.dialAhead(found.peers.map(\.member)) }
    return found
  }

  nonisolated func read(
    _ part: Range<Int64>, of digest: Digest, in repository: RepositoryName, from member: NodeID,
    take: @escaping @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    guard let channel = current?.channel else { throw RegistryError(.unavailable, "this node is in no fleet") }
    let meter = meter
    try await channel.read(part, of: digest, in: repository, from: member) { bytes throws(RegistryError) in
      meter.channelBytes.add(Int64(bytes.count))
      try await take(bytes)
    }
  }

  nonisolated func keepsManifest(_ digest: Digest) -> Bool { current?.channel.keepsManifest(digest) ?? false }

  nonisolated func manifest(
    _ digest: Digest, size: Int, in repository: RepositoryName, writer: NodeID?
  ) async -> [UInt8]? {
    await current?.channel.manifest(digest, size: size, in: repository, writer: writer)
  }

  nonisolated var sites: (any FleetSites)? { self }

  /// The links of this node, so that what they make readable is told to the fleet.
  nonisolated func announcing(_ content: any Content) -> any Content {
    AnnouncedContent(
      content: content, came: { self.current?.desk.locate.hold($0) }, went: { self.current?.desk.locate.letGo($0) })
  }
}

/// A node that is alone stands at no site.
extension NodeFleet: FleetSites {
  nonisolated func isFar(_ member: NodeID) -> Bool { current?.channel.isFar(member) ?? false }

  nonisolated func fetchers(of digest: Digest) -> [NodeID]? { current?.channel.fetchers(of: digest) }

  nonisolated func ask(
    _ member: NodeID, toFetch digest: Digest, in repository: RepositoryName, knowing ticket: SwarmTicket?
  ) async -> FetcherWord? {
    guard let channel = current?.channel else { return nil }
    let word = await channel.ask(member, toFetch: digest, in: repository, knowing: ticket)
    if word != nil, ticket == nil { swarm.withLock { $0 }?.tunnels.dialAhead([member]) }
    return word
  }
}
