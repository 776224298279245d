import BlockingWork
import CTorrent
import Glibc
import RegistryCore
import SwarmCore
import Telemetry

/// The hidden torrents of one session at work: on the pump's thread, which asks how long it may sleep.
///
/// A torrent has machines from its first word on; a seed's end with its last peer, a fetch's with the torrent, since what
/// is wanted and what is here outlives peers.
struct HidingPump {
  private static let wordsAtOnce = 1024

  private let session: ShimSession
  private let live: Lock<LiveTorrents>
  private let log: Logger
  private var torrents: [UInt64: HidingTorrent] = [:]
  /// When each has to be looked at.
  private var ticks: [UInt64: SwarmInstant] = [:]

  init(_ session: ShimSession, _ live: Lock<LiveTorrents>, _ log: Logger) {
    (self.session, self.live, self.log) = (session, live, log)
  }

  /// Until something comes due; -1: nothing does.
  var patienceMilliseconds: Int32 {
    guard let next = ticks.values.min() else { return -1 }
    return Int32(clamping: max(0, (next - monotonicMicroseconds() + 999) / 1000))
  }

  /// A piece that was verified, a torrent that has gone.
  mutating func take(_ event: ct_event) {
    switch event.kind {
    case CT_EVENT_PIECE:
      let now = monotonicMicroseconds()
      change(event.number) { $0.take(piece: Int(event.piece), at: now) }
    case CT_EVENT_RELEASED:
      (torrents[event.number], ticks[event.number]) = (nil, nil)
    default:
      break
    }
  }

  /// All words that wait, and what has come due.
  mutating func turn() {
    while case let words = session.words(capacity: Self.wordsAtOnce), !words.isEmpty {
      let now = monotonicMicroseconds()
      for word in words { take(word, at: now) }
    }
    let now = monotonicMicroseconds()
    for (number, due) in ticks where due <= now { change(number) { $0.tick(at: now) } }
  }

  private mutating func take(_ word: ct_word, at now: SwarmInstant) {
    let kind = ct_word_kind(UInt32(word.kind))
    if kind == CT_WORD_LOST { return startAnew() }
    if torrents[word.torrent] == nil {
      guard kind == CT_WORD_JOINED || kind == CT_WORD_HURRIED else { return }
      torrents[word.torrent] = machines(of: word.torrent)
    }
    change(word.torrent) { $0.take(word, at: now) }
    if kind == CT_WORD_LEFT { rest(word.torrent) }
  }

  /// `nil` when the torrent has gone meanwhile.
  private func machines(of number: UInt64) -> HidingTorrent? {
    guard let record = live.withLock({ $0[number] }) else { return nil }
    return HidingTorrent(pieceCount: record.torrent.pieceCount, here: record.verified.pieces)
  }

  private mutating func rest(_ number: UInt64) {
    guard torrents[number]?.hasPeers == false, live.withLock({ $0[number]?.isSeeding }) != false else { return }
    (torrents[number], ticks[number]) = (nil, nil)
  }

  /// Peers that were lost with their words join once more.
  private mutating func startAnew() {
    log.warning("words of peers were lost; all are asked for anew")
    (torrents, ticks) = ([:], [:])
    do throws(ShimFailure) {
      try session.tellAgain()
    } catch {
      log.debug("peers could not be asked for", .init("reason", error.text))
    }
  }

  // MARK: effects

  private mutating func change(_ number: UInt64, _ take: (inout HidingTorrent) -> [HidingTorrent.Step]) {
    guard let place = torrents.index(forKey: number) else { return }
    let steps = take(&torrents.values[place])
    ticks[number] = torrents.values[place].nextTick
    for step in steps { perform(step, number) }
  }

  private func perform(_ step: HidingTorrent.Step, _ number: UInt64) {
    do throws(ShimFailure) {
      switch step {
      case .show(let peer, let pieces): try session.reveal(pieces, of: number, to: peer.number)
      case .open(let peer): try session.open(number, to: peer.number)
      case .cut(let peer):
        live.withLock { $0[number]?.cutPeers += 1 }
        log.info("a seed showed nothing and was cut", .init("torrent", "\(number)"), .init("peer", "\(peer.number)"))
        try session.cut(peer.number, of: number)
      case .suggest(let peer, let pieces): try session.suggest(pieces, of: number, to: peer.number)
      case .deepen(let peer, let blocks): try session.deepen(peer.number, of: number, blocks: blocks)
      }
    } catch {
      // A torrent that has gone meanwhile is no failure.
      guard error.result != CT_UNKNOWN else { return }
      log.warning("a peer could not be told", .init("reason", error.text))
    }
  }
}

/// A clock that does not go back.
func monotonicMicroseconds() -> SwarmInstant {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return SwarmInstant(time.tv_sec) * 1_000_000 + SwarmInstant(time.tv_nsec / 1000)
}
