import RegistryCore

/// A blob to be fetched: whose torrent it is said to be, who may have it, and for whom.
public struct FetchRequest: Sendable {
  /// Its digest is what the bytes must have in the end, whatever the torrent's own hashes say.
  public let torrent: SwarmTorrent
  public let origin: FetchOrigin
  /// Reads the blob while it arrives and is linked to it in the end.
  public let repository: RepositoryName
  /// It takes what is near, and those of `origin` are; `nil`: from wherever it is.
  public let site: SitePlan?

  public init(torrent: SwarmTorrent, from origin: FetchOrigin, repository: RepositoryName, site: SitePlan? = nil) {
    (self.torrent, self.origin, self.repository, self.site) = (torrent, origin, repository, site)
  }

  public init(torrent: SwarmTorrent, peers: [PeerEndpoint], repository: RepositoryName, session: SwarmSession) {
    self.init(torrent: torrent, from: .peers(peers, in: session), repository: repository)
  }

  /// With no more peers than may be remembered.
  func bounded(peers limit: Int) -> FetchRequest {
    FetchRequest(torrent: torrent, from: origin.bounded(to: limit), repository: repository, site: site)
  }
}

/// Who may have a blob.
public enum FetchOrigin: Hashable, Sendable {
  /// Peers of its swarm, at their addresses.
  case peers([PeerEndpoint], in: SwarmSession)
  /// Members of the fleet. The holders have it whole and are asked over the fleet's channel, the first one first; they and
  /// the peers take part in its swarm.
  case members(holders: [NodeID], peers: [NodeID])

  public var session: SwarmSession { if case .peers(_, let session) = self { session } else { .fleet } }

  var peers: [PeerEndpoint] { if case .peers(let peers, _) = self { peers } else { [] } }

  var holders: [NodeID] { if case .members(let holders, _) = self { holders } else { [] } }

  /// All that take part in the swarm, each once.
  var members: [NodeID] {
    guard case .members(let holders, let peers) = self else { return [] }
    return holders + peers.filter { !holders.contains($0) }
  }

  var isEmpty: Bool { peers.isEmpty && members.isEmpty }

  func bounded(to limit: Int) -> FetchOrigin {
    switch self {
    case .peers(let peers, let session): .peers(Array(peers.prefix(limit)), in: session)
    case .members(let holders, let peers):
      .members(
        holders: Array(holders.prefix(limit)), peers: Array(peers.prefix(max(0, limit - holders.count))))
    }
  }

  /// Without the members of other sites.
  func near(_ sites: any FleetSites) -> FetchOrigin {
    guard case .members(let holders, let peers) = self else { return self }
    return .members(holders: holders.filter { !sites.isFar($0) }, peers: peers.filter { !sites.isFar($0) })
  }

  /// Those of the other that are not among these; none where the two are of different kinds.
  func news(in other: FetchOrigin) -> FetchOrigin {
    switch (self, other) {
    case (.peers(let known, let session), .peers(let told, _)):
      .peers(told.filter { !known.contains($0) }, in: session)
    case (.members(let holders, let peers), .members(let moreHolders, let morePeers)):
      .members(
        holders: moreHolders.filter { !holders.contains($0) },
        peers: morePeers.filter { !peers.contains($0) && !holders.contains($0) })
    case (.peers(_, let session), .members): .peers([], in: session)
    case (.members, .peers): .members(holders: [], peers: [])
    }
  }

  func adding(_ news: FetchOrigin) -> FetchOrigin {
    switch (self, news) {
    case (.peers(let known, let session), .peers(let more, _)): .peers(known + more, in: session)
    case (.members(let holders, let peers), .members(let moreHolders, let morePeers)):
      .members(holders: holders + moreHolders, peers: peers + morePeers)
    default: self
    }
  }
}
