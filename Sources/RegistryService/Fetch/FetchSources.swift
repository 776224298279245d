import RegistryCore

/// Where the bytes of one fetch come from: a swarm, the channel between members, or both. They write into the same file,
/// one of them at a time, and tell of each piece once it is verified and readable there.
struct FetchSources: Sendable {
  typealias Kind = RemoteBlobFetch.Source
  typealias Tell = @Sendable (RemoteBlobFetch.Event) -> Void

  let swarm: SwarmSource?
  let channel: ChannelSource?
  /// Other members, and for which repository they are asked; `nil`: nobody is looked for.
  let fleet: (any FleetBytes)?
  /// `nil`: members are looked for wherever they stand.
  let site: SiteKeeping?
  let bans: BannedMembers?

  init(_ swarm: SwarmSource) { (self.swarm, channel, fleet, site, bans) = (swarm, nil, nil, nil, nil) }

  init(
    _ channel: ChannelSource, beside swarm: SwarmSource?, _ fleet: any FleetBytes, _ site: SiteKeeping?,
    _ bans: BannedMembers
  ) {
    (self.swarm, self.channel, self.fleet, self.site, self.bans) = (swarm, channel, fleet, site, bans)
  }

  var kinds: Set<Kind> { Set(Kind.allCases.filter { $0 == .swarm ? swarm != nil : channel != nil }) }

  func begin(
    _ kind: Kind, into file: BlobFile, from origin: FetchOrigin, tell: @escaping Tell
  ) async throws(RegistryError) {
    switch kind {
    case .channel: try await channel?.begin(tell: tell)
    case .swarm:
      guard let swarm else { return }
      guard let channel else { return try await swarm.begin(into: file, from: origin, tell: tell) }
      // It was there when the fetch was put together, and may have been closed since.
      guard let relief = swarm.desk.engine(swarm.session)?.relief else { throw SwarmSessions.noEngine }
      try await channel.handOver(to: relief) { () async throws(RegistryError) in
        try await swarm.begin(into: file, from: origin, tell: tell)
      }
    }
  }

  /// It has failed, and the other one goes on.
  func quit(_ kind: Kind) async {
    switch kind {
    case .channel: await channel?.end()
    case .swarm:
      await swarm?.end(isComplete: false)
      channel?.takeBack()
    }
  }

  func hurry(_ pieces: Range<Int>) async {
    channel?.hurry(pieces)
    await swarm?.hurry(pieces)
  }

  func introduce(_ origin: FetchOrigin) async {
    channel?.introduce(origin.holders)
    await swarm?.introduce(origin)
  }

  /// Members that take part by the same torrent.
  /// - Parameter known: who was named or found before.
  func seek(_ torrent: SwarmTorrent, for repository: RepositoryName, known: FetchOrigin) async -> FetchOrigin {
    guard let fleet else { return .members(holders: [], peers: []) }
    let clues = BlobClues(ticket: torrent.ticket, named: known.members, isNearOnly: site?.isNearOnly == true)
    let found = await fleet.swarm(of: torrent.digest, in: repository, clues: clues)
    let same = found.peers.filter {
      SwarmTorrent($0.ticket).infoHash == torrent.infoHash && bans?.isBanned($0.member) != true
    }
    return .members(
      holders: same.filter(\.isWhole).map(\.member), peers: same.filter { !$0.isWhole }.map(\.member))
  }

  /// Asks a member of the site how far it is; it is one to take from, then.
  /// - Returns: `nil`: it does not fetch the blob, or not by this torrent.
  func ask(_ fetcher: NodeID, _ torrent: SwarmTorrent, for repository: RepositoryName) async -> FetcherWord? {
    let ticket = torrent.ticket
    let word = await site?.sites.ask(fetcher, toFetch: torrent.digest, in: repository, knowing: ticket)
    return word.flatMap { SwarmTorrent($0.peer.ticket).infoHash == torrent.infoHash ? $0 : nil }
  }

  func end(isComplete: Bool) async {
    await channel?.end()
    await swarm?.end(isComplete: isComplete)
  }
}
