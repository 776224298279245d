import RegistryCore

/// Whom a fetch waits for that leaves the line between sites to another member of its site.
public struct SitePlan: Hashable, Sendable {
  /// Those that are asked to fetch, one after the other. None: somebody near has it whole.
  public let fetchers: [NodeID]
  /// The first one has said that it does.
  public let isAgreed: Bool

  public init(fetchers: [NodeID], isAgreed: Bool) { (self.fetchers, self.isAgreed) = (fetchers, isAgreed) }
}

/// Whether a fetch still does well to take what is near: told of bytes that come, of what the fetcher of its site says of
/// itself, and of the time.
///
/// A fetcher that gets on is waited for, since on a line that is full all who crossed it would be slower; but only for so
/// long as nothing of it comes here: what it says of itself is not proof. Nor is a trickle.
struct SiteWatch: Sendable {
  typealias Instant = ContinuousClock.Instant

  enum Verdict: Hashable, Sendable {
    /// How far is it?
    case ask(NodeID)
    /// Take it from wherever it is.
    case cross
  }

  /// Whom to ask; the one that is waited for at the front.
  private var fetchers: [NodeID]
  /// Members near that have it whole: nobody need fetch it.
  private(set) var hasHolders: Bool
  private let limits: FetchLimits
  private var lastHere: Instant
  /// When enough had come here since the time before.
  private var lastEnough: Instant
  private var bytesSince: Int64 = 0
  /// Here, or with the fetcher.
  private var lastMove: Instant
  private var receivedThere: Int64 = 0
  private var askedAt: Instant?
  private var isAsking = false
  private var isAgreed: Bool

  init(_ plan: SitePlan, _ limits: FetchLimits, at now: Instant) {
    (fetchers, isAgreed, hasHolders, self.limits) = (plan.fetchers, plan.isAgreed, plan.fetchers.isEmpty, limits)
    (lastHere, lastEnough, lastMove) = (now, now, now)
  }

  mutating func moved(_ bytes: Int64, at now: Instant) {
    (lastHere, lastMove) = (max(lastHere, now), max(lastMove, now))
    bytesSince += bytes
    guard bytesSince >= limits.siteLeastBytes else { return }
    (lastEnough, bytesSince) = (max(lastEnough, now), 0)
  }

  mutating func found(holders: Int) { if holders > 0 { hasHolders = true } }

  /// - Parameter bytes: so many came to it; `nil`: it does not fetch, or is silent.
  mutating func said(_ member: NodeID, bytes: Int64?, at now: Instant) -> Verdict? {
    guard member == fetchers.first else { return nil }
    isAsking = false
    guard let bytes else { return pass(at: now) }
    isAgreed = true
    if bytes > receivedThere { (receivedThere, lastMove) = (bytes, max(lastMove, now)) }
    return nil
  }

  mutating func tick(at now: Instant) -> Verdict? {
    if now - lastEnough >= limits.siteBelief { return .cross }
    if now - lastMove >= limits.sitePatience { return hasHolders ? .cross : pass(at: now) }
    guard let fetcher = fetchers.first, !isAsking else { return nil }
    let isDue = now - lastHere >= limits.blockPatience && askedAt.map { now - $0 >= limits.blockPatience } ?? true
    return isDue || !isAgreed ? ask(fetcher, at: now) : nil
  }

  /// To the next one, or to nobody.
  private mutating func pass(at now: Instant) -> Verdict? {
    if !fetchers.isEmpty { fetchers.removeFirst() }
    (receivedThere, isAgreed) = (0, false)
    guard let next = fetchers.first else { return hasHolders ? nil : .cross }
    lastMove = max(lastMove, now)
    return ask(next, at: now)
  }

  private mutating func ask(_ fetcher: NodeID, at now: Instant) -> Verdict {
    (askedAt, isAsking) = (now, true)
    return .ask(fetcher)
  }
}
