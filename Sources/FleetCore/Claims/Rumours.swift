import RegistryCore

/// What this node has just learned and has not told on yet. It is told at once; what comes right behind it, a moment later
/// and together.
struct Rumours: Sendable {
  private struct Waiting {
    var after: Int64
    var claims: [SignedClaim]
    var hops: Int64
  }

  private var waiting: [WriterID: Waiting] = [:]
  /// The order in which writers came, so that one seed makes one order.
  private var order: [WriterID] = []
  private var count = 0
  private var news = DirectoryNews()
  private var cards: [MemberCard] = []
  /// When it may be told next, on the monotonic clock.
  private var open = Int64.min

  var isEmpty: Bool { order.isEmpty && news.isEmpty && cards.isEmpty }

  /// When the next message is due; `nil`: there is nothing to tell.
  var due: Int64? { isEmpty ? nil : open }

  /// Claims that follow each other, as they were taken in here.
  mutating func add(_ run: ClaimRun, hops: Int64) {
    guard hops < FleetLimits.rumourHops, count + run.claims.count <= FleetLimits.waitingRumours else { return }
    count += run.claims.count
    if let before = waiting[run.writer], before.claims.last?.body.sequence == run.after {
      waiting[run.writer]?.claims += run.claims
      waiting[run.writer]?.hops = max(before.hops, hops)
    } else {
      if let before = waiting[run.writer] { count -= before.claims.count } else { order.append(run.writer) }
      waiting[run.writer] = Waiting(after: run.after, claims: run.claims, hops: hops)
    }
  }

  mutating func add(_ more: DirectoryNews, cards moreCards: [MemberCard]) {
    let room = FleetLimits.waitingRumours - news.records.count - news.forks.count - cards.count
    guard more.records.count + more.forks.count + moreCards.count <= room else { return }
    news.records += more.records
    news.forks += more.forks
    cards += moreCards
  }

  /// What is to be told now, if it is time.
  mutating func take(now: Int64) -> Gossip? {
    guard !isEmpty, open <= now else { return nil }
    let rumours = order.compactMap { writer in
      waiting[writer].flatMap { young in
        ClaimRun(after: young.after, young.claims).map { Gossip.Rumour($0, hops: young.hops) }
      }
    }
    defer {
      self = Rumours()
      open = now + FleetLimits.rumourPauseMilliseconds
    }
    return Gossip(rumours: rumours, news: news, cards: cards)
  }
}
