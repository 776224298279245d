import BlockingWork
import CTorrent
import Glibc
import RegistryCore
import Telemetry

/// The thread that takes a session's events, and feeds the machines of hidden torrents. It ends when the session is closed,
/// and then nobody waits any more.
final class EventPump: Sendable {
  private static let eventsAtOnce = 256

  private let thread = Lock<pthread_t?>(nil)

  func start(
    _ session: ShimSession, _ torrents: Lock<LiveTorrents>, _ way: Lock<(any SwarmWay)?>, _ log: Logger
  ) {
    let started = startThread(named: "swarm-events") {
      var hiding = HidingPump(session, torrents, log)
      var events: [ct_event] = []
      while session.wait(
        into: &events, capacity: Self.eventsAtOnce, milliseconds: hiding.patienceMilliseconds)
      {
        for event in events {
          tell(way, event, torrents, log)
          handle(event, session, torrents, log)
          hiding.take(event)
        }
        hiding.turn()
      }
      let ended = torrents.withLock { $0.close() }
      for waiter in ended.waiters { waiter.resume() }
    }
    thread.withLock { $0 = started }
  }

  /// Blocks until the thread has ended. Safe twice.
  func join() {
    guard let thread = thread.withLock({ $0.take() }) else { return }
    pthread_join(thread, nil)
  }
}

private func handle(_ event: ct_event, _ session: ShimSession, _ torrents: Lock<LiveTorrents>, _ log: Logger) {
  switch event.kind {
  case CT_EVENT_PIECE:
    let (observer, isWhole) = torrents.withLock { $0.verify(event.number, Int(event.piece)) }
    observer?(.verified(piece: Int(event.piece)))
    if isWhole { observer?(.whole) }
  case CT_EVENT_ROTTEN:
    let reason = event.piece < 0 ? text(event) : "\(text(event)) (piece \(event.piece))"
    end(.rotten(reason: reason), of: event.number, session, torrents, log)
  case CT_EVENT_FAILED:
    end(.failed(.swarm(systemCode: event.code, text(event))), of: event.number, session, torrents, log)
  case CT_EVENT_RELEASED:
    let record = torrents.withLock { $0.remove(event.number) }
    for waiter in record?.waiters ?? [] { waiter.resume() }
  case CT_EVENT_STATUS:
    let waiters = torrents.withLock { $0.takeRefreshWaiters() }
    for waiter in waiters { waiter.resume() }
  default:
    break
  }
}

/// A connection that was made is told to the way that carries it on, which holds it until it knows; and who turned out to
/// be a liar, whom it can name.
private func tell(
  _ way: Lock<(any SwarmWay)?>, _ event: ct_event, _ torrents: Lock<LiveTorrents>, _ log: Logger
) {
  guard event.kind == CT_EVENT_DIALLED || event.kind == CT_EVENT_BANNED,
    let torrent = torrents.withLock({ $0[event.number]?.torrent })
  else { return }
  let (way, far) = (way.withLock { $0 }, PeerEndpoint(event.far))
  if event.kind == CT_EVENT_DIALLED {
    way?.dialled(from: PeerEndpoint(event.near), to: far, for: torrent.infoHash)
  } else {
    torrents.withLock { $0[event.number]?.bannedPeers += 1 }
    log.warning(
      "a peer sent what is not the torrent's, and is banned from it", .init("digest", torrent.digest.description),
      .init("peer", far.address))
    way?.banned(far.address, from: torrent.infoHash)
  }
}

/// Stops the torrent, then tells its observer, who hears nothing after that.
private func end(
  _ last: SwarmEvent, of number: UInt64, _ session: ShimSession, _ torrents: Lock<LiveTorrents>, _ log: Logger
) {
  let record = torrents.withLock { torrents in
    let record = torrents[number]
    torrents[number]?.observer = nil
    return record
  }
  guard let record, let observer = record.observer else { return }
  stop(session, number, log)
  observer(last)
}

/// Asks for the end of a torrent that may have gone already.
/// - Returns: whether its last event comes, or has come.
@discardableResult
func stop(_ session: ShimSession, _ number: UInt64, _ log: Logger) -> Bool {
  do throws(ShimFailure) {
    try session.remove(number)
  } catch {
    guard error.result != CT_UNKNOWN else { return true }
    log.error("a torrent could not be stopped", .init("reason", error.text))
    return false
  }
  return true
}

private func text(_ event: ct_event) -> String { ShimFailure.text(of: event.text) }
