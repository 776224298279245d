/// Whether bytes come: told of each, and of the time. It says once for every so long without any that they do not.
struct StallWatch: Sendable {
  typealias Instant = ContinuousClock.Instant

  enum Verdict: Hashable, Sendable {
    /// Nothing came for so long.
    case stalls
    /// Nothing came for so long once more.
    case stillStalls
  }

  /// How often it began to stall.
  private(set) var stalls = 0
  private let patience: Duration
  private var lastBytes: Instant
  /// The last verdict; `nil`: bytes came since.
  private var lastVerdict: Instant?

  init(patience: Duration, at now: Instant) {
    (self.patience, lastBytes) = (patience, now)
  }

  var isStalled: Bool { lastVerdict != nil }

  /// - Returns: a stall is over.
  mutating func moved(at now: Instant) -> Bool {
    defer { (lastBytes, lastVerdict) = (max(lastBytes, now), nil) }
    return isStalled
  }

  mutating func look(at now: Instant) -> Verdict? {
    guard now - (lastVerdict ?? lastBytes) >= patience else { return nil }
    defer { lastVerdict = now }
    if isStalled { return .stillStalls }
    stalls += 1
    return .stalls
  }
}
