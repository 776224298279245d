/// Members that sent what is not the blob's, each for a while. Told the time; bounded.
///
/// What is written here must be that member's own doing: bytes that it alone sent, for hashes that it vouched for itself.
public struct BanBook: Sendable {
  public typealias Instant = ContinuousClock.Instant

  /// By which way the bytes came.
  public enum Way: String, Hashable, Sendable, CaseIterable {
    case channel
    case swarm
  }

  public struct Ban: Hashable, Sendable {
    public let member: NodeID
    /// What it did last.
    public let way: Way
    /// `nil`: it is not known any more which blob it was.
    public let digest: Digest?
    public let until: Instant
    /// How often it did so since it was banned.
    public let count: Int
  }

  private let limit: Int
  private let memory: Duration
  private var bans: [NodeID: Ban] = [:]

  public init(limit: Int, memory: Duration) { (self.limit, self.memory) = (limit, memory) }

  /// - Returns: it was not banned until now.
  public mutating func note(_ member: NodeID, _ way: Way, _ digest: Digest?, at now: Instant) -> Bool {
    forget(at: now)
    let known = bans[member]
    if known == nil, bans.count >= limit, let first = bans.values.min(by: { $0.until < $1.until }) {
      bans[first.member] = nil
    }
    bans[member] = Ban(
      member: member, way: way, digest: digest, until: now + memory, count: (known?.count ?? 0) + 1)
    return known == nil
  }

  public func isBanned(_ member: NodeID, at now: Instant) -> Bool { bans[member].map { $0.until > now } ?? false }

  /// The one that is forgotten last at the front.
  public func all(at now: Instant) -> [Ban] {
    bans.values.filter { $0.until > now }.sorted { $0.until > $1.until }
  }

  public mutating func forgetAll() { bans = [:] }

  private mutating func forget(at now: Instant) { bans = bans.filter { $0.value.until > now } }
}
