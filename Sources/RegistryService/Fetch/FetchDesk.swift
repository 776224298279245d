import BlockingWork
import RegistryCore
import Telemetry

/// Where blobs are fetched from elsewhere: begun, watched, cancelled, and taken up again after a restart.
public final class FetchDesk: Sendable {
  let fetches: RemoteBlobFetches
  private let ports: RegistryPorts
  private let store: any FetchStore
  /// `nil`: the node speaks no BitTorrent, and fetches from members alone.
  private let swarm: SwarmDesk?
  /// Other members of the fleet; `nil`: the node is in none.
  private let fleet: (any FleetBytes)?
  private let bans: BannedMembers
  private let limits: RegistryLimits
  private let gate: KeyedGate<Digest>
  private let backfill: TicketBackfill
  /// Beginning the same fetch twice at once is beginning it once.
  private let turns = KeyedGate<Digest>()

  init(
    _ ports: RegistryPorts, _ store: any FetchStore, _ fetchLimits: FetchLimits, swarm: SwarmDesk?,
    fleet: (any FleetBytes)?, bans: BannedMembers, limits: RegistryLimits, gate: KeyedGate<Digest>,
    backfill: TicketBackfill
  ) {
    (self.ports, self.store, self.swarm, self.fleet, self.limits) = (ports, store, swarm, fleet, limits)
    (self.gate, self.backfill, self.bans) = (gate, backfill, bans)
    fetches = RemoteBlobFetches(limits: fetchLimits, log: ports.log)
  }

  /// Begins to fetch, joins a fetch of the same blob, or links a blob that is here already. It returns when the fetch has
  /// begun; `completion` waits for its end.
  public func begin(_ request: FetchRequest) async throws(RegistryError) {
    try await check(request.torrent)
    try await turns.pass(request.torrent.digest) { () async throws(RegistryError) in
      while let run = fetches.run(of: request.torrent.digest) {
        if try await run.join(request, peerLimit: fetches.limits.peers) { return }
        _ = await run.outcome()
      }
      if try await linkIfHere(request) {
        fetches.show(alreadyHere: request)
        return
      }
      try await start(request, for: [request.repository])
    }
    if let oldest = fetches.takeKept() { await drop(oldest) }
  }

  /// Begins to fetch and waits until the blob is here.
  public func fetch(_ request: FetchRequest) async throws(RegistryError) -> StoredBlob {
    try await begin(request)
    return try await completion(of: request.torrent.digest, in: request.repository)
  }

  /// Waits for the end of a fetch; `blobUnknown` when there is none and the blob is not here.
  public func completion(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> StoredBlob {
    if let run = fetches.run(of: digest), run.isFor(repository) { return try await run.outcome().get() }
    guard let size = try await ports.content.linkedSize(of: digest, in: repository) else {
      if let failure = failure(of: digest) { throw failure }
      throw RegistryError.noSuchBlob(digest, repository)
    }
    return StoredBlob(digest: digest, size: size)
  }

  /// Ends a fetch and drops what arrived, also of one that has ended and kept it. `false`: there is none; one that is whole
  /// already is not cancelled any more.
  public func cancel(_ digest: Digest) async -> Bool {
    if let run = fetches.run(of: digest) {
      run.take(.cancel)
      if case .success = await run.outcome() { return false }
      // One that stalled a moment before has kept its bytes.
      if let kept = fetches.takeKept(digest) { await drop(kept) }
      return true
    }
    guard let kept = fetches.takeKept(digest) else { return false }
    await drop(kept)
    return true
  }

  /// How many fetches ended so in this life of the node.
  public func count(of outcome: FetchOutcome) -> Int { fetches.count(of: outcome) }

  /// How fetches went about the line between sites.
  public var siteCounts: SiteCounts { fetches.siteCounts }

  /// Times that a swarm of the fleet brought nothing for a second.
  public var stalls: Int { fetches.stalls }

  /// Fetches under way with the numbers of this moment, then those that ended lately.
  public func progress() async -> [FetchProgress] {
    let numbers = await numbers()
    return fetches.progress.map { progress in
      var progress = progress
      guard progress.completeAfter == nil, let live = numbers[progress.infoHash] else { return progress }
      progress.peers = live.peers
      progress.downloadBytesPerSecond = live.downloadBytesPerSecond
      progress.uploadBytesPerSecond = live.uploadBytesPerSecond
      return progress
    }
  }

  /// Who vouched for bytes that turned out not to be this blob's.
  public func vouchersOfFalsehood(for digest: Digest) -> [PeerEndpoint] { fetches.vouchers(for: digest) }

  /// Goes on with what an earlier life of the node was fetching. What cannot be gone on with is logged and does not hold
  /// up the rest.
  public func resume() async throws(RegistryError) {
    for unfinished in try await store.unfinished() {
      do throws(RegistryError) {
        try await resume(unfinished)
      } catch {
        ports.log.warning(
          "a fetch that the last run of the node began is not gone on with",
          LogField("digest", unfinished.digest.description), LogField("error", error.description))
      }
    }
  }

  /// Once a second, or four times while some come from a swarm of the fleet: fetches that make no progress are helped
  /// along and ended in time.
  public func tick(at now: ContinuousClock.Instant = .now) async {
    let runs = fetches.runs
    guard !runs.isEmpty else { return }
    let numbers = await numbers()
    for run in runs { run.see(numbers[run.request.torrent.infoHash], at: now) }
  }

  /// Whether something comes from a swarm of the fleet just now.
  public var areSwarmsAtWork: Bool { fetches.runs.contains(where: \.isTwofold) }

  /// What arrived stays for the next life of the node. Call it before the engines are closed.
  public func close() async { await fetches.close() }

  /// `false`: bytes that agreed with this ticket had another digest, not long ago.
  func mayBeTrue(_ ticket: SwarmTicket) -> Bool { fetches.mayBeTrue(SwarmTorrent(ticket)) }

  // MARK: - Beginning

  private func check(_ torrent: SwarmTorrent) async throws(RegistryError) {
    guard torrent.size > 0, torrent.pieceBytes > 0 else {
      throw RegistryError(.sizeInvalid, "the torrent is of no bytes; an empty blob is pushed, not fetched")
    }
    guard torrent.size <= limits.blobBytes else {
      throw RegistryError(.sizeInvalid, "a blob may have \(limits.blobBytes) bytes here; this one has \(torrent.size)")
    }
    try fetches.mustNotBeFalse(torrent)
    try fetches.mustBeFree(torrent)
    try await mustBeOfNoOther(torrent)
  }

  /// A torrent that is live, or that our recipe makes of what is here, is that of one blob and of no other.
  private func mustBeOfNoOther(_ torrent: SwarmTorrent) async throws(RegistryError) {
    var known = swarm?.digest(of: torrent.infoHash)
    if known == nil { known = try await ports.tickets.digest(ofTorrent: torrent.infoHash.short) }
    guard known == nil || known == torrent.digest else { throw .torrentOfAnother(torrent) }
  }

  /// - Parameter isResumed: an earlier life of the node has left a part of it.
  private func start(
    _ request: FetchRequest, for repositories: [RepositoryName], isResumed: Bool = false
  ) async throws(RegistryError) {
    let request = (isResumed ? planned(request) : request).bounded(peers: fetches.limits.peers)
    let torrent = request.torrent
    try fetches.takePlace(for: torrent)
    do throws(RegistryError) {
      // Once more: nobody else begins it now, but somebody may have ended a fetch by it since `check`.
      try await mustBeOfNoOther(torrent)
      let note = FetchNote(torrent, from: request.origin, for: repositories)
      let sink = try await store.begin(torrent.digest, size: torrent.size, note: note.encoded)
      let sources = try sources(of: request, sink, isResumed)
      fetches.start(
        FetchRun(
          request, repositories: repositories, sink: sink, sources: sources, herald: herald(of: torrent, sources),
          content: ports.content, backfill: backfill, gate: gate, limits: fetches.limits))
    } catch {
      fetches.leavePlace(torrent)
      throw error
    }
  }

  /// Where another member brings the blob to this node's site, that holds for what an earlier life began too.
  private func planned(_ request: FetchRequest) -> FetchRequest {
    guard takesSwarm(ofSize: request.torrent.size), case .members = request.origin, let sites = fleet?.sites,
      let fetchers = sites.fetchers(of: request.torrent.digest), !fetchers.isEmpty
    else { return request }
    return FetchRequest(
      torrent: request.torrent, from: request.origin.near(sites), repository: request.repository,
      site: SitePlan(fetchers: fetchers, isAgreed: false))
  }

  private func sources(
    of request: FetchRequest, _ sink: any FetchSink, _ isResumed: Bool
  ) throws(RegistryError) -> FetchSources {
    let torrent = request.torrent
    guard case .members(let holders, _) = request.origin else {
      guard let swarm else { throw SwarmSessions.noEngine }
      return FetchSources(SwarmSource(desk: swarm, torrent: torrent, session: request.origin.session))
    }
    guard let fleet else { throw RegistryError(.unavailable, "this node is in no fleet any more") }
    let beside = takesSwarms ? swarm.map { SwarmSource(desk: $0, torrent: torrent, session: .fleet) } : nil
    var habits = ChannelSource.Habits()
    // An engine that is at work on the file from the beginning checks it.
    habits.checksWhatIsHere = isResumed && (beside == nil || torrent.size <= fetches.limits.smallBytes)
    if beside != nil { habits.lookups = 1 }
    let site = beside == nil || request.site == nil ? nil : fleet.sites.map { SiteKeeping($0) }
    let lane = ChannelLane(
      torrent: torrent, repository: request.repository, fleet: fleet, work: ports.work, site: site, bans: bans)
    let channel = ChannelSource(lane, holders: holders, sink: sink, habits, log: ports.log)
    return FetchSources(channel, beside: beside, fleet, site, bans)
  }

  /// Of what comes through a swarm of the fleet.
  private func herald(of torrent: SwarmTorrent, _ sources: FetchSources) -> FetchHerald? {
    guard let swarm, sources.kinds.count > 1 else { return nil }
    return swarm.sessions.fleet.map { FetchHerald(torrent.digest, tell: $0.tells) }
  }

  func takesSwarm(ofSize size: Int64) -> Bool { takesSwarms && size > fetches.limits.smallBytes }

  /// Whether blobs of the fleet come through their swarms: the session is there, reaches members, and lets the channel
  /// fill in.
  var takesSwarms: Bool { swarm?.way != nil && swarm?.engine(.fleet)?.relief != nil }

  /// A blob in the store was hashed when it came in: it needs a link and no transfer.
  private func linkIfHere(_ request: FetchRequest) async throws(RegistryError) -> Bool {
    let torrent = request.torrent
    return try await gate.pass(torrent.digest) { () async throws(RegistryError) in
      guard let size = try await ports.blobs.size(of: torrent.digest) else { return false }
      guard size == torrent.size else {
        throw RegistryError(
          .digestInvalid, "the blob is here and has \(size) bytes; a torrent of \(torrent.size) bytes is not of it")
      }
      try await ports.content.link(StoredBlob(digest: torrent.digest, size: size), to: request.repository)
      backfill.notice(arrivalIn: request.repository)
      return true
    }
  }

  private func resume(_ unfinished: UnfinishedFetch) async throws(RegistryError) {
    try await turns.pass(unfinished.digest) { () async throws(RegistryError) in
      let note = FetchNote(unfinished)
      // Somebody may have asked for it before the node came to it. A second run would write the same file, and the
      // readers of the first would hear of no piece.
      if let run = fetches.run(of: unfinished.digest) { return try await join(run, note?.requests ?? []) }
      guard let note, let first = note.requests.first else {
        let sink = try await store.begin(unfinished.digest, size: unfinished.size, note: [])
        await sink.cancel()
        throw RegistryError(.internal, "its note is not one of this release's; what had arrived was dropped")
      }
      // Killed between the blob and its link: the link is what is missing, and the note goes with it.
      if try await linkIfHere(first) {
        for request in note.requests.dropFirst() { _ = try await linkIfHere(request) }
        let sink = try await store.begin(unfinished.digest, size: unfinished.size, note: unfinished.note)
        await sink.cancel()
        return
      }
      try await start(first, for: note.repositories, isResumed: true)
    }
  }

  private func join(_ run: FetchRun, _ requests: [FetchRequest]) async throws(RegistryError) {
    for request in requests {
      guard try await run.join(request, peerLimit: fetches.limits.peers) else { return }
    }
  }

  /// Drops what a fetch that ended has kept, unless somebody fetches the blob again by now.
  private func drop(_ kept: StoredBlob) async {
    do throws(RegistryError) {
      try await turns.pass(kept.digest) { () async throws(RegistryError) in
        guard fetches.run(of: kept.digest) == nil else { return }
        let sink = try await store.begin(kept.digest, size: kept.size, note: [])
        await sink.cancel()
      }
    } catch {
      ports.log.warning(
        "what a fetch has kept could not be dropped", LogField("digest", kept.digest.description),
        LogField("error", error.description))
    }
  }

  private func failure(of digest: Digest) -> RegistryError? {
    for progress in fetches.progress where progress.digest == digest {
      if case .failed(let failure) = progress.state { return failure }
    }
    return nil
  }

  private func numbers() async -> [InfoHash: LiveTorrent] {
    guard let swarm else { return [:] }
    let live = await swarm.live().map { ($0.torrent.infoHash, $0.torrent) }
    return Dictionary(live, uniquingKeysWith: { first, _ in first })
  }
}
