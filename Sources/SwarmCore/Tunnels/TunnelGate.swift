import RegistryCore

/// Lets in those connections on a loopback port that this process made, and no other: any local user may dial it, from any
/// address of 127.0.0.0/8.
///
/// The kernel gives a pair of endpoints to one connection at a time. Who makes one in this process registers its pair; who
/// accepts one asks. Either may come first, so an accepted connection waits a moment, unread. A pair lets in one.
public struct TunnelGate: Sendable {
  /// Both ends of a connection, as the accepting side calls them.
  public struct Pair: Hashable, Sendable {
    public let near: PeerEndpoint
    public let far: PeerEndpoint

    public init(near: PeerEndpoint, far: PeerEndpoint) {
      (self.near, self.far) = (near, far)
    }
  }

  public struct Limits: Hashable, Sendable {
    /// How long an accepted connection waits for its registration, and a registration for its connection.
    public var acceptedPatience: SwarmInstant = 250_000
    public var registeredPatience: SwarmInstant = 2_000_000
    public var accepted = 256
    public var registered = 1024

    public init() {}
  }

  public enum Event: Hashable, Sendable {
    /// This process dials so, for this torrent (`InfoHash.short`).
    case registered(Pair, torrent: [UInt8])
    /// Accepted; the number is the caller's name for it.
    case accepted(Pair, UInt64)
    /// It went away by itself.
    case gone(UInt64)
    case tick
  }

  public enum Step: Hashable, Sendable {
    case letIn(UInt64, torrent: [UInt8])
    /// Close it; not a byte of it was read.
    case turnAway(UInt64)
  }

  private struct Registered: Sendable {
    let torrent: [UInt8]
    let until: SwarmInstant
  }

  private struct Accepted: Sendable {
    let number: UInt64
    let until: SwarmInstant
  }

  private let limits: Limits
  private var registered: [Pair: Registered] = [:]
  private var accepted: [Pair: Accepted] = [:]
  /// Turned away so far.
  public private(set) var strangers = 0

  public init(_ limits: Limits = Limits()) { self.limits = limits }

  public mutating func take(_ event: Event, at now: SwarmInstant) -> [Step] {
    switch event {
    case .registered(let pair, let torrent): return register(pair, torrent, at: now)
    case .accepted(let pair, let number): return accept(pair, number, at: now)
    case .gone(let number):
      accepted = accepted.filter { $0.value.number != number }
      return []
    case .tick: return expire(at: now)
    }
  }

  /// When somebody has waited long enough; `nil`: nobody waits.
  public var nextTick: SwarmInstant? {
    [accepted.values.lazy.map(\.until).min(), registered.values.lazy.map(\.until).min()].compactMap { $0 }.min()
  }

  private mutating func register(_ pair: Pair, _ torrent: [UInt8], at now: SwarmInstant) -> [Step] {
    if let waiting = accepted.removeValue(forKey: pair) { return [.letIn(waiting.number, torrent: torrent)] }
    if registered.count >= limits.registered, let oldest = registered.min(by: { $0.value.until < $1.value.until }) {
      registered[oldest.key] = nil
    }
    registered[pair] = Registered(torrent: torrent, until: now + limits.registeredPatience)
    return []
  }

  private mutating func accept(_ pair: Pair, _ number: UInt64, at now: SwarmInstant) -> [Step] {
    if let known = registered.removeValue(forKey: pair), known.until > now {
      return [.letIn(number, torrent: known.torrent)]
    }
    // The one of that pair before it can only have been closed by its other end.
    var steps: [Step] = []
    if let before = accepted.removeValue(forKey: pair) { steps = turnAway([before.number]) }
    guard accepted.count < limits.accepted else { return steps + turnAway([number]) }
    accepted[pair] = Accepted(number: number, until: now + limits.acceptedPatience)
    return steps
  }

  private mutating func expire(at now: SwarmInstant) -> [Step] {
    registered = registered.filter { $0.value.until > now }
    let late = accepted.filter { $0.value.until <= now }
    for pair in late.keys { accepted[pair] = nil }
    return turnAway(late.values.map(\.number).sorted())
  }

  private mutating func turnAway(_ numbers: [UInt64]) -> [Step] {
    strangers += numbers.count
    return numbers.map { .turnAway($0) }
  }
}
