import RegistryCore
import Telemetry

// Patterns, fetches, rot.
extension SwarmDesk {
  /// Other repositories are public from now on. When this returns, nothing that is private now is live to strangers.
  public func set(_ patterns: PublicPatterns) async throws(RegistryError) {
    try await patternTurns.pass(.public) { () async throws(RegistryError) in
      let affected = state.withLock { state in
        state.patterns = patterns
        return state.live.blobs(in: .public).union(state.deciding.keys)
      }
      for digest in affected.sorted() { await reconsider(digest) }
      try await holdPublicIfNamed()
    }
    await startWished()
  }

  // MARK: - Fetches

  func beginFetch(
    _ torrent: SwarmTorrent, in session: SwarmSession, into file: BlobFile, from peers: [PeerEndpoint],
    observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    let engine = try await sessions.lease(session)
    state.withLock { _ = $0.fetching.insert(torrent.infoHash) }
    do throws(RegistryError) {
      try await engine.fetch(torrent, into: file, from: peers, observer: observer)
    } catch {
      state.withLock { _ = $0.fetching.remove(torrent.infoHash) }
      await sessions.release(session)
      throw error
    }
  }

  /// A fetch is over: its torrent seeds on from the store where it may, else it is withdrawn.
  func endFetch(_ torrent: SwarmTorrent, in session: SwarmSession, mayStay: Bool) async {
    guard state.withLock({ $0.fetching.remove(torrent.infoHash) }) != nil else { return }
    let stays = mayStay ? await seedOn(torrent, in: session) : false
    if !stays {
      await gate.wait(torrent.digest) {
        // Unless somebody wanted it live just now: the blob has its name already.
        let isLive = state.withLock { $0.live.torrents(of: torrent.digest, in: session).contains(torrent.infoHash) }
        if !isLive { await sessions.engine(session)?.withdraw(torrent.infoHash) }
      }
    }
    await sessions.release(session)
  }

  private func seedOn(_ torrent: SwarmTorrent, in session: SwarmSession) async -> Bool {
    do throws(RegistryError) {
      var stays = false
      try await makingRoom { () async throws(RegistryError) in
        try await gate.pass(torrent.digest) { () async throws(RegistryError) in
          guard try await ports.wishes.wish(for: torrent.digest) != .stopped else { return [] }
          return try await deciding(torrent.digest) { () async throws(RegistryError) in
            guard try await mayLive(torrent.digest, in: session) else { return [] }
            let resting = try await settle(torrent, in: session)
            stays = resting.isEmpty
            return resting
          }
        }
      }
      return stays
    } catch {
      ports.log.warning(
        "a blob that was fetched does not seed on", LogField("digest", torrent.digest.description),
        LogField("error", error.description))
      return false
    }
  }

  /// Inside the gate.
  private func settle(_ torrent: SwarmTorrent, in session: SwarmSession) async throws(RegistryError) -> [Digest] {
    guard let engine = sessions.engine(session) else { throw RegistryError(.unavailable, "its session has ended") }
    let file = try await file(of: torrent.digest, size: torrent.size)
    let resting = try enter([torrent.infoHash], of: torrent.digest, in: session)
    guard resting.isEmpty else { return resting }
    do throws(RegistryError) {
      try await engine.settle(torrent.infoHash, on: file)
    } catch {
      state.withLock { $0.live.leave(torrent.infoHash, of: torrent.digest, in: session) }
      throw error
    }
    return []
  }

  // MARK: - Rot

  /// Reads a blob again and compares it with its digest and with the ticket that is kept of it. One that is rotten or
  /// gone loses its torrents and its names.
  public func verify(_ digest: Digest) async throws(RegistryError) -> BlobVerdict {
    guard case .sound(let hashes) = try await BlobReading(ports: ports).run(digest, for: .v2) else {
      return try await quarantine.judge(digest, orGone: true) ? .rotten : .sound
    }
    guard case .ticket(let found) = hashes, let kept = try await ports.tickets.ticket(of: digest), kept != found else {
      return .sound
    }
    // Whoever fetched by it would be told that this node lies.
    await rest(digest)
    return .falseTicket
  }

  /// An engine found other bytes than the torrent's, or could not read them. That alone takes no blob away: a disk, a
  /// cable or a memory that fails once must not cost a good blob, perhaps the last copy of it. The torrent is withdrawn;
  /// then the blob is read again, whole, and only bytes that have another digest, or a file that is not there, lose
  /// their names. A blob that cannot be read even now stays as it is, and rests: whoever pulls it sees the error, and
  /// `shoal verify` tells more.
  func judgeRotten(_ digest: Digest, _ reason: String) async {
    let wasLive = await gate.wait(digest) {
      guard state.withLock({ $0.live.blobs[digest] != nil }) else { return false }
      // From now on, so that nobody brings it live while it is judged.
      suspect(digest)
      await withdraw(digest, from: SwarmSession.allCases)
      return true
    }
    guard wasLive else { return }
    let fields = [LogField("digest", digest.description), LogField("reason", reason)]
    do throws(RegistryError) {
      if try await quarantine.judge(digest, orGone: true) {
        state.withLock { state in
          state.rottenCount += 1
          // What is pushed now is another file.
          state.suspects[digest] = nil
        }
        ports.log.log(.error, "a blob rotted under its torrent and was put aside; push it again", fields)
      } else if wasRenewed(digest) {
        await wakeRenewed(digest)
      } else {
        ports.log.log(
          .error, "a torrent was stopped: its blob could not be read, and is sound when read again", fields)
      }
    } catch {
      // The node stops: nothing is known of the blob.
      guard !Task.isCancelled else { return }
      ports.log.log(
        .error, "a torrent was stopped: its blob cannot be read", fields + [LogField("error", error.description)])
    }
  }

  private func suspect(_ digest: Digest) {
    let now = ContinuousClock.now
    state.withLock { state in
      state.suspects = state.suspects.filter { $0.value > now }
      state.suspects[digest] = now + rules.suspectPause
    }
  }
}

/// What a blob that was read again turned out to be.
public enum BlobVerdict: Hashable, Sendable {
  case sound
  /// Other bytes than its digest's, or no file: put aside.
  case rotten
  /// The bytes are right and the torrent facts in the catalogue are not theirs. Its torrents rest.
  case falseTicket
}
