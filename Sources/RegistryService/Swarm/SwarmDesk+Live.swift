import RegistryCore
import Telemetry

// Going live.
extension SwarmDesk {
  /// Somebody wants the blob's torrents: they are live when this returns, in each session in which they may be.
  public func want(_ digest: Digest) async throws(RegistryError) {
    if touchIfLive(digest) { return }
    try await bringLive(digest) { () async throws(RegistryError) in try await self.ports.wishes.wish(for: digest) }
  }

  /// The same for whoever knows a torrent by its hash only, as peers and trackers write it. `nil`: it is none of ours.
  public func want(torrent short: [UInt8]) async throws(RegistryError) -> Digest? {
    guard let digest = try await ports.tickets.digest(ofTorrent: short) else { return nil }
    try await want(digest)
    return digest
  }

  /// From now on live as long as the node is, in this life and in those after it.
  public func start(_ digest: Digest) async throws(RegistryError) {
    try await bringLive(digest) { () in .started }
    try await ports.wishes.set(.started, for: digest)
  }

  /// From now on never live.
  public func stop(_ digest: Digest) async throws(RegistryError) {
    try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.wishes.set(.stopped, for: digest)
      await withdraw(digest, from: SwarmSession.allCases)
    }
  }

  /// Nobody's wish any more: live when wanted, and resting after a while.
  public func forgetWish(_ digest: Digest) async throws(RegistryError) {
    try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.wishes.set(nil, for: digest)
      state.withLock { $0.live.want(digest, isStarted: false, at: .now) }
    }
  }

  /// The usual case, without a question to the catalogue: it is live, and nothing changed since (`reconsider`).
  private func touchIfLive(_ digest: Digest) -> Bool {
    let isInFleet = sessions.engine(.fleet) != nil
    return state.withLock { state in
      // Where patterns are, a blob that none of them names is looked up each time.
      let due = Set<SwarmSession>((isInFleet ? [.fleet] : []) + (state.patterns.isEmpty ? [] : [.public]))
      guard let blob = state.live.blobs[digest], !due.isEmpty, due.isSubset(of: blob.own) else { return false }
      state.live.see(digest, at: .now)
      return true
    }
  }

  private func bringLive(
    _ digest: Digest, wish: () async throws(RegistryError) -> TorrentWish?
  ) async throws(RegistryError) {
    try await prepare(digest)
    try await makingRoom { () async throws(RegistryError) in
      try await gate.pass(digest) { () async throws(RegistryError) in try await goLive(digest, wish: try await wish()) }
    }
  }

  /// Makes what is missing of the torrents' facts. Outside the gate: it reads a blob, and may find it rotten.
  private func prepare(_ digest: Digest) async throws(RegistryError) {
    _ = try await tickets.ticket(for: digest, within: rules.hashingPatience)
    guard try await mayLive(digest, in: .public) else { return }
    try await enterPublic()
    _ = try await tickets.classicPieces(for: digest, within: rules.hashingPatience)
  }

  /// Inside the gate.
  /// - Returns: who has to rest first, and nothing is changed to strangers; empty: it is live.
  private func goLive(_ digest: Digest, wish: TorrentWish?) async throws(RegistryError) -> [Digest] {
    if wish == .stopped {
      throw RegistryError(.denied, "an operator stopped the torrents of \(digest); shoal torrent start takes that back")
    }
    try mustBeTrusted(digest)
    return try await deciding(digest) { () async throws(RegistryError) in
      guard try await !ports.tickets.repositories(holding: digest).isEmpty else {
        throw RegistryError(.blobUnknown, "no repository holds \(digest)", detail: [digest.description])
      }
      let resting = try await seed(digest, toStrangers: try await mayLive(digest, in: .public))
      state.withLock { $0.live.want(digest, isStarted: wish == .started, at: .now) }
      return resting
    }
  }

  /// Whether some repository that holds the blob lets the session have it.
  func mayLive(_ digest: Digest, in session: SwarmSession) async throws(RegistryError) -> Bool {
    let patterns = state.withLock { $0.patterns }
    if session == .public, patterns.isEmpty { return false }
    let repositories = try await ports.tickets.repositories(holding: digest)
    return session == .fleet ? !repositories.isEmpty : repositories.contains { patterns.matches($0) }
  }

  /// Whoever changes the patterns sees that a decision is under way, or the decision sees the new patterns.
  func deciding<Success>(
    _ digest: Digest, _ body: () async throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    state.withLock { $0.deciding[digest, default: 0] += 1 }
    defer {
      state.withLock { state in
        let left = (state.deciding[digest] ?? 1) - 1
        state.deciding[digest] = left > 0 ? left : nil
      }
    }
    return try await body()
  }

  private func seed(_ digest: Digest, toStrangers isPublic: Bool) async throws(RegistryError) -> [Digest] {
    let fleet = sessions.engine(.fleet)
    let strangers = isPublic ? sessions.engine(.public) : nil
    guard fleet != nil || strangers != nil else {
      throw RegistryError(
        .unsupported,
        "no session may have this torrent: the node belongs to no fleet, and torrent.public does not name its image")
    }
    guard let ticket = try await ports.tickets.ticket(of: digest) else {
      throw RegistryError(.unsupported, "\(digest) has no torrent: it is empty, or not here")
    }
    let file = try await file(of: digest, size: ticket.size)
    if let fleet { _ = try await seed([SwarmTorrent(ticket)], from: file, in: fleet, .fleet) }
    guard let strangers else { return [] }
    var torrents = [SwarmTorrent(ticket, trackers: rules.trackers)]
    if let pieces = try await ports.tickets.classicPieces(of: digest) {
      torrents.append(SwarmTorrent(pieces, trackers: rules.trackers))
    }
    return try await seed(torrents, from: file, in: strangers, .public)
  }

  private func seed(
    _ torrents: [SwarmTorrent], from file: BlobFile, in engine: any SwarmEngine, _ session: SwarmSession
  ) async throws(RegistryError) -> [Digest] {
    guard let digest = torrents.first?.digest else { return [] }
    let resting = try enter(torrents.map(\.infoHash), of: digest, in: session)
    guard resting.isEmpty else { return resting }
    for torrent in torrents {
      do throws(RegistryError) {
        try await engine.seed(torrent, from: file) { event in
          switch event {
          case .rotten(let reason): self.report(digest, rotten: reason)
          case .failed(let error): self.report(digest, rotten: error.description)
          case .verified, .whole: break
          }
        }
      } catch {
        await withdraw(digest, from: [session])
        throw error
      }
    }
    state.withLock { $0.live.complete(digest, in: session) }
    return []
  }

  /// Into the table before the engine: what nobody knows of could not be withdrawn. In the public session there must be
  /// room, in one step with taking it.
  /// - Returns: who has to rest first; nothing was entered then.
  func enter(
    _ torrents: [InfoHash], of digest: Digest, in session: SwarmSession
  ) throws(RegistryError) -> [Digest] {
    try state.withLock { state throws(RegistryError) in
      let new = Set(torrents).subtracting(state.live.torrents(of: digest, in: session))
      if session == .public, !new.isEmpty {
        let resting = state.live.makingRoom(for: new.count, limit: rules.publicLiveMax, keeping: digest)
        guard let resting else { throw noRoom }
        guard resting.isEmpty else { return resting }
      }
      for infoHash in torrents { state.live.enter(infoHash, of: digest, in: session, at: .now) }
      return []
    }
  }

  /// Does what needs room until there is some: others rest in between, each behind its own gate, which is why no gate is
  /// held here.
  func makingRoom(_ body: () async throws(RegistryError) -> [Digest]) async throws(RegistryError) {
    for _ in 0..<Self.roomAttempts {
      let resting = try await body()
      if resting.isEmpty { return }
      for digest in resting {
        await gate.wait(digest) {
          // Started since then: it stays.
          guard state.withLock({ $0.live.blobs[digest]?.isStarted == false }) else { return }
          await withdraw(digest, from: [.public])
        }
      }
    }
    throw noRoom
  }

  /// Others may take the room that was made; whoever loses so often meets a node far beyond its bound.
  private static let roomAttempts = 8

  private var noRoom: RegistryError {
    RegistryError(
      .tooManyRequests,
      "\(rules.publicLiveMax) public torrents are live and none may rest; stop one, or raise torrent.live_max")
  }

  func file(of digest: Digest, size: Int64) async throws(RegistryError) -> BlobFile {
    guard let reader = try await ports.blobs.open(digest) else {
      throw RegistryError(.blobUnknown, "the bytes of \(digest) are not here; push it again")
    }
    guard reader.size == size, let file = reader.file else {
      throw RegistryError(
        .internal, "the node's copy of this blob cannot be seeded",
        cause: "\(digest) has \(reader.size) bytes, its torrent \(size); a file: \(reader.file != nil)")
    }
    return file
  }

  func mustBeTrusted(_ digest: Digest) throws(RegistryError) {
    let isSuspect = state.withLock { state in
      guard let until = state.suspects[digest] else { return false }
      if until > .now { return true }
      state.suspects[digest] = nil
      return false
    }
    if isSuspect {
      throw RegistryError(.unavailable, "the disk had trouble with this blob lately; its torrents rest for a while")
    }
  }
}

// Resting.
extension SwarmDesk {
  /// Torrents that nobody wanted and that had no peers for long enough rest. Every minute or so.
  public func sweep(at now: ContinuousClock.Instant = .now) async {
    for (_, torrent) in await sessions.live() where torrent.peers > 0 {
      state.withLock { $0.live.see(torrent.digest, at: now) }
    }
    for digest in state.withLock({ $0.live.idle(since: rules.idlePatience, at: now) }) {
      await gate.wait(digest) {
        // Wanted again, since we looked.
        guard state.withLock({ $0.live.isIdle(digest, since: rules.idlePatience, at: now) }) else { return }
        await withdraw(digest, from: SwarmSession.allCases)
      }
    }
  }

  /// Not live until it is wanted again.
  func rest(_ digest: Digest) async {
    await gate.wait(digest) { await withdraw(digest, from: SwarmSession.allCases) }
  }

  /// After a change that may have made the blob private or taken its last name: when this returns it is not live where it
  /// may not be. Whatever cannot be looked up counts as private.
  func reconsider(_ digest: Digest) async {
    await gate.wait(digest) {
      guard state.withLock({ $0.live.blobs[digest] != nil }) else { return }
      let repositories = await repositoriesIfKnown(digest)
      let patterns = state.withLock { $0.patterns }
      if repositories?.isEmpty == true {
        await withdraw(digest, from: SwarmSession.allCases)
      } else if !(repositories ?? []).contains(where: { patterns.matches($0) }) {
        await withdraw(digest, from: [.public])
      }
    }
  }

  /// Inside the gate.
  func withdraw(_ digest: Digest, from given: [SwarmSession]) async {
    for session in given {
      for infoHash in state.withLock({ $0.live.torrents(of: digest, in: session) }) {
        await sessions.engine(session)?.withdraw(infoHash)
        state.withLock { $0.live.leave(infoHash, of: digest, in: session) }
      }
    }
  }

  private func repositoriesIfKnown(_ digest: Digest) async -> [RepositoryName]? {
    do throws(RegistryError) {
      return try await ports.tickets.repositories(holding: digest)
    } catch {
      ports.log.error(
        "who holds a blob cannot be read; its torrent is taken from strangers",
        LogField("digest", digest.description), LogField("error", error.description))
      return nil
    }
  }
}
