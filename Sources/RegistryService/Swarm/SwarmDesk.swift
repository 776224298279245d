import BlockingWork
import RegistryCore
import Telemetry

/// Which torrents are live in which session. They rest until somebody wants them, go live in milliseconds, and rest again
/// after a while; what strangers may not have is in the session of the fleet alone.
///
/// The rule of privacy: a torrent is seeded to strangers only while some repository that holds its blob is public. It is
/// looked up when the torrent goes live and again (`reconsider`) after each change that can end it: a link that goes, a
/// manifest that goes, patterns that change. All decisions about one blob pass `gate`, so that a change either is seen
/// by whoever brings a torrent live or finds it live and withdraws it.
///
/// The registry's gate is never entered inside this one.
public final class SwarmDesk: Sendable {
  struct State {
    var patterns: PublicPatterns
    /// The public engine is leased for the patterns.
    var holdsPublic = false
    /// Why it is not, although they name something.
    var trouble: PublicTrouble?
    var live = LiveSwarms()
    /// Torrents that a fetch has in its session.
    var fetching: Set<InfoHash> = []
    /// Blobs about to go live to strangers: a change of patterns has to wait for their decision.
    var deciding: [Digest: Int] = [:]
    /// Found fault with by an engine and then found sound: they rest until then.
    var suspects: [Digest: ContinuousClock.Instant] = [:]
    /// Pushed again while they were live: what an engine says of them until then may be of the file before.
    var renewals: [Digest: ContinuousClock.Instant] = [:]
    var rottenCount = 0
  }

  public let rules: SwarmRules
  let ports: RegistryPorts
  let sessions: SwarmSessions
  let tickets: TicketDesk
  let quarantine: BlobQuarantine
  let state: Lock<State>
  let gate = KeyedGate<Digest>()
  /// Changes of the patterns, one after the other.
  let patternTurns = KeyedGate<SwarmSession>()
  private let rotten: AsyncStream<(Digest, String)>
  private let reporting: AsyncStream<(Digest, String)>.Continuation
  private let judging = Lock<Task<Void, Never>?>(nil)

  init(_ ports: RegistryPorts, _ given: SwarmPorts, _ tickets: TicketDesk, _ quarantine: BlobQuarantine) {
    (self.ports, self.tickets, self.quarantine, rules) = (ports, tickets, quarantine, given.rules)
    let fleet = given.fleet.map { FleetSession($0, way: given.way, tells: given.tells) }
    sessions = SwarmSessions(fleet: fleet, makePublic: given.makePublic)
    state = Lock(State(patterns: given.rules.publicPatterns))
    // Unbounded in form; an engine reports a torrent once and stops it, so there are never more than were live.
    (rotten, reporting) = AsyncStream.makeStream()
    quarantine.aroundPuttingAside { [weak self] digest in await self?.rest(digest) }
  }

  /// What an operator started is live from the start of the node; nothing else is.
  /// - Throws: strangers cannot reach the node; all else goes on, and `retryPublic` tries again.
  public func open() async throws(RegistryError) {
    // Unstructured: blobs are judged as long as the node lives, one at a time, so that the disk is left to others.
    // `close` ends it: reports that are left then are not lost, since whoever reads the same bytes again makes them again.
    let task = Task {
      for await (digest, reason) in self.rotten where !Task.isCancelled { await self.judgeRotten(digest, reason) }
    }
    judging.withLock { $0 = task }
    do throws(RegistryError) {
      try await patternTurns.pass(.public) { () async throws(RegistryError) in try await holdPublicIfNamed() }
    } catch {
      // Members can have what was started all the same; strangers when `retryPublic` succeeds.
      if sessions.engine(.fleet) != nil { await startWished() }
      throw error
    }
    await startWished()
  }

  /// Ends the sessions. The fetches end first. A blob that is being judged is left at its next piece.
  public func close() async {
    reporting.finish()
    let task = judging.withLock { $0.take() }
    task?.cancel()
    await task?.value
    await sessions.close()
  }

  /// The node is in a fleet from now on: its members' torrents go live in this session, and blobs are fetched through it.
  /// - Throws: the node stops; the engine stays the caller's.
  public func openFleet(_ session: FleetSession) async throws(RegistryError) {
    try await sessions.open(fleet: session)
  }

  /// It is in none any more: the session's engine has ended when this returns. Safe twice.
  public func closeFleet() async {
    await sessions.closeFleet {
      // Whoever still brings one live there finds the engine closed, and takes it out of the table by itself.
      for digest in state.withLock({ $0.live.blobs(in: .fleet) }).sorted() {
        await gate.wait(digest) { await withdraw(digest, from: [.fleet]) }
      }
    }
  }

  /// How the fleet's session reaches members; `nil`: it does not.
  var way: (any SwarmWay)? { sessions.fleet?.way }

  /// All torrents that are live, those that are being fetched too.
  public func live() async -> [(session: SwarmSession, torrent: LiveTorrent)] { await sessions.live() }

  /// With whom a live torrent is connected in either session, whoever sends and takes most first.
  func peers(of torrent: LiveTorrent) async -> [ConnectedPeer] {
    var found: [ConnectedPeer] = []
    for session in SwarmSession.allCases {
      let way = session == .fleet ? way : nil
      for peer in await engine(session)?.peers(of: torrent.infoHash) ?? [] {
        found.append(ConnectedPeer(peer, member: way?.member(at: peer.endpoint.address)))
      }
    }
    return found.sorted { Self.moved($0.peer) > Self.moved($1.peer) }
  }

  private static func moved(_ peer: LivePeer) -> Int64 { peer.downloadedBytes + peer.uploadedBytes }

  public var counts: SwarmCounts {
    state.withLock {
      SwarmCounts(
        fleetTorrents: $0.live.fleetCount, publicTorrents: $0.live.publicCount, rottenBlobs: $0.rottenCount)
    }
  }

  /// What is public now.
  public var publicPatterns: PublicPatterns { state.withLock { $0.patterns } }

  /// Where strangers reach the public session; `nil` while there is none.
  public var publicEndpoint: PeerEndpoint? { sessions.engine(.public)?.endpoint }

  func engine(_ session: SwarmSession) -> (any SwarmEngine)? { sessions.engine(session) }

  /// The blob that seeds under this hash.
  func digest(of infoHash: InfoHash) -> Digest? { state.withLock { $0.live.digest(of: infoHash) } }

  /// From a thread of an engine's: does not block.
  func report(_ digest: Digest, rotten reason: String) { reporting.yield((digest, reason)) }

  func note(noWayTo member: NodeID, _ error: RegistryError) {
    ports.log.debug(
      "a member cannot be reached for its swarms", LogField("member", member.description),
      LogField("error", error.description))
  }

  func startWished() async {
    do throws(RegistryError) {
      for (digest, wish) in try await ports.wishes.everyWish().sorted(by: { $0.key < $1.key }) where wish == .started {
        // The node stops.
        if Task.isCancelled { return }
        await startWished(digest)
      }
    } catch {
      ports.log.error("the wishes for torrents cannot be read", LogField("error", error.description))
    }
  }

  private func startWished(_ digest: Digest) async {
    do throws(RegistryError) {
      try await want(digest)
    } catch {
      ports.log.warning(
        "a torrent that an operator started is not live", LogField("digest", digest.description),
        LogField("error", error.description))
    }
  }
}

/// For the metrics.
public struct SwarmCounts: Hashable, Sendable {
  public let fleetTorrents: Int
  public let publicTorrents: Int
  /// Blobs that were found rotten under a torrent.
  public let rottenBlobs: Int
}
