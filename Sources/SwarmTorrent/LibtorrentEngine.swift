import BlockingWork
import CTorrent
import RegistryCore
import Telemetry

/// A `SwarmEngine` over libtorrent.
///
/// Three kinds of threads: callers, on the cooperative pool, who never wait for the library but by `await`; `work`, on
/// which the few calls run that block for it; and the pump, which takes the session's events in order, keeps `torrents`
/// right and calls the observers.
public final class LibtorrentEngine: SwarmEngine {
  let session: ShimSession
  let torrents = Lock(LiveTorrents())
  /// Who is told what is dialled.
  let way = Lock<(any SwarmWay)?>(nil)
  private let gate = HashGate()
  private let work: BlockingPool
  private let pump: EventPump
  private let log: Logger

  /// Opens a session that listens.
  /// - Parameter work: for calls that block for milliseconds; outlives the engine.
  public static func open(
    _ options: SwarmOptions, work: BlockingPool, log: Logger
  ) async throws(RegistryError) -> LibtorrentEngine {
    do throws(ShimFailure) {
      let session = try await work.run { () throws(ShimFailure) in try ShimSession(options) }
      return LibtorrentEngine(session, work, log)
    } catch {
      throw RegistryError(error)
    }
  }

  private init(_ session: ShimSession, _ work: BlockingPool, _ log: Logger) {
    self.session = session
    self.work = work
    self.log = log
    pump = EventPump()
    pump.start(session, torrents, way, log)
  }

  public var endpoint: PeerEndpoint? { endpoints.first }

  /// All addresses on which peers are waited for; none when closed.
  public var endpoints: [PeerEndpoint] { torrents.withLock(\.isClosed) ? [] : session.endpoints }

  // MARK: torrents

  public func seed(
    _ torrent: SwarmTorrent, from file: BlobFile, observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    try await add(torrent, file, isSeed: true, [], observer)
  }

  public func fetch(
    _ torrent: SwarmTorrent, into file: BlobFile, from peers: [PeerEndpoint], observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    try await add(torrent, file, isSeed: false, peers, observer)
  }

  private func add(
    _ torrent: SwarmTorrent, _ file: BlobFile, isSeed: Bool, _ peers: [PeerEndpoint],
    _ observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    await gate.enter(torrent.infoHash)
    defer { gate.leave(torrent.infoHash) }
    if let live = torrents.withLock({ $0[torrent.infoHash] }) {
      if isSeed, live.observer != nil { return }
      await release(live.number)
    }
    do throws(ShimFailure) {
      try await work.run { [session, torrents] () throws(ShimFailure) in
        let number = try session.prepare(torrent, isSeed: isSeed, descriptor: file.descriptor, peers: peers)
        let verified = PieceSet(size: torrent.size, pieceBytes: torrent.pieceBytes, pieceCount: torrent.pieceCount)
        torrents.withLock {
          $0[number] = .init(
            torrent: torrent, number: number, file: file, observer: observer, isSeeding: isSeed, verified: verified)
        }
        do throws(ShimFailure) {
          try session.start(number)
        } catch {
          torrents.withLock { $0[number] = nil }
          throw error
        }
      }
    } catch {
      throw RegistryError(error)
    }
  }

  public func settle(_ torrent: InfoHash, on file: BlobFile) async throws(RegistryError) {
    await gate.enter(torrent)
    defer { gate.leave(torrent) }
    guard let live = torrents.withLock({ $0[torrent] }) else {
      throw RegistryError(.unavailable, "the torrent is not live")
    }
    do throws(ShimFailure) {
      try await work.run { [session] () throws(ShimFailure) in
        try session.settle(live.number, descriptor: file.descriptor)
      }
    } catch {
      throw RegistryError(error)
    }
    _ = torrents.withLock { $0.settle(live.number, on: file) }
  }

  public func introduce(_ peers: [PeerEndpoint], to torrent: InfoHash) async {
    attempt(torrent, "peers could not be introduced") { session, number throws(ShimFailure) in
      try session.introduce(peers, to: number)
    }
  }

  public func hurry(_ pieces: Range<Int>, of torrent: InfoHash) async {
    attempt(torrent, "pieces could not be hurried") { session, number throws(ShimFailure) in
      try session.hurry(pieces, of: number)
    }
  }

  /// For calls that are advice: a torrent that has gone meanwhile is no failure.
  func attempt(
    _ torrent: InfoHash, _ complaint: StaticString, _ call: (ShimSession, UInt64) throws(ShimFailure) -> Void
  ) {
    guard let live = torrents.withLock({ $0[torrent] }) else { return }
    do throws(ShimFailure) {
      try call(session, live.number)
    } catch {
      guard error.result != CT_UNKNOWN else { return }
      log.warning(complaint, .init("digest", live.torrent.digest.description), .init("reason", error.text))
    }
  }

  public func withdraw(_ torrent: InfoHash) async {
    await gate.enter(torrent)
    defer { gate.leave(torrent) }
    guard let live = torrents.withLock({ $0[torrent] }) else { return }
    await release(live.number)
  }

  /// Takes the observer away, stops the torrent if it is not stopping already, and waits for its last event: the pump
  /// has come back from the observer by then.
  private func release(_ number: UInt64) async {
    await withUnsafeContinuation { continuation in
      let remains = torrents.withLock { torrents in
        guard !torrents.isClosed, torrents[number] != nil else { return false }
        torrents[number]?.observer = nil
        torrents[number]?.waiters.append(continuation)
        return true
      }
      guard remains else { return continuation.resume() }
      // Removing what is being removed is nothing; what has gone meanwhile has told its last event.
      guard !stop(session, number, log) else { return }
      // The library is out of memory, and no event will come. Whoever waited longer would hold up all who come after him.
      for waiter in torrents.withLock({ $0.takeWaiters(of: number) }) { waiter.resume() }
    }
  }

  public func live() async -> [LiveTorrent] {
    await withUnsafeContinuation { continuation in
      let isOpen = torrents.withLock { torrents in
        guard !torrents.isClosed else { return false }
        torrents.refreshWaiters.append(continuation)
        return true
      }
      guard isOpen else { return continuation.resume() }
      do throws(ShimFailure) {
        try session.refresh()
      } catch {
        // Closed meanwhile: the pump resumes all who wait.
        log.debug("numbers could not be asked for", .init("reason", error.text))
      }
    }
    let statuses = session.statuses()
    return torrents.withLock { torrents in
      statuses.compactMap { status in
        guard let record = torrents[status.number], record.observer != nil else { return nil }
        return LiveTorrent(record, status)
      }
    }
  }

  public func peers(of torrent: InfoHash) async -> [LivePeer] {
    guard let live = torrents.withLock({ $0[torrent] }) else { return [] }
    do throws(ShimFailure) {
      let peers = try await work.run { [session] () throws(ShimFailure) in try session.peers(of: live.number) }
      return peers.map(LivePeer.init)
    } catch {
      // It has gone meanwhile, or the session is closing.
      log.debug("peers could not be asked for", .init("reason", error.text))
      return []
    }
  }

  // MARK: rates

  public func set(_ rates: SwarmOptions.Rates) async throws(RegistryError) {
    do throws(ShimFailure) {
      try await work.run { [session] () throws(ShimFailure) in try session.set(rates) }
    } catch {
      throw RegistryError(error)
    }
  }

  public func close() async {
    await work.run { [session, pump] in
      session.close()
      pump.join()
    }
  }
}
