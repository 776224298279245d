import RegistryCore

/// How many may knock at the one door that stands open to strangers: a bucket of tokens for each address, one for all who
/// name an invitation that is open, and one for all others. Nobody guesses the number of an invitation, so however many
/// strangers come, and from wherever, they take no turn from those who were invited. Whoever is turned away has cost
/// nothing but this.
public struct JoinGate: Sendable {
  public struct Limits: Hashable, Sendable {
    /// What an address may ask at once, and after how long it may ask once more.
    public var burstOfAddress: Int64 = 5
    public var millisecondsOfAddress: Int64 = 6_000
    /// The same of all together who were invited, and of all together who were not.
    public var burst: Int64 = 50
    public var milliseconds: Int64 = 100
    /// How many addresses are remembered.
    public var addresses = 4096

    public init() {}
  }

  public enum Verdict: Hashable, Sendable {
    case open
    case shut(milliseconds: Int64)
    /// One stranger of too many: is answered what all of them are answered, without a look at what it brings.
    case unheard
  }

  private let limits: Limits
  private var invited = TokenBucket()
  private var strangers = TokenBucket()
  private var buckets: [[UInt8]: TokenBucket] = [:]

  public init(limits: Limits = Limits()) { self.limits = limits }

  public var count: Int { buckets.count }

  /// - Parameters:
  ///   - now: a clock that never steps back, in milliseconds.
  ///   - isInvited: whether the invitation that is named is known and not over. Asked only of an address whose turn it is.
  public mutating func knock(from endpoint: PeerEndpoint, at now: Int64, isInvited: () -> Bool) -> Verdict {
    let address = Self.network(of: endpoint)
    var bucket = buckets[address] ?? TokenBucket()
    let wait = bucket.wait(burst: limits.burstOfAddress, each: limits.millisecondsOfAddress, at: now)
    guard wait == 0 else { return .shut(milliseconds: wait) }
    let isInvited = isInvited()
    let common = (isInvited ? invited : strangers).wait(burst: limits.burst, each: limits.milliseconds, at: now)
    // Who was invited comes again; who was not has had its turn.
    guard common == 0 || !isInvited else { return .shut(milliseconds: common) }
    if buckets[address] == nil, buckets.count >= limits.addresses { makeRoom(at: now) }
    bucket.take(each: limits.millisecondsOfAddress, at: now)
    buckets[address] = bucket
    guard common == 0 else { return .unheard }
    if isInvited {
      invited.take(each: limits.milliseconds, at: now)
    } else {
      strangers.take(each: limits.milliseconds, at: now)
    }
    return .open
  }

  /// Whoever was invited, let through, and could not be looked at, for another was being looked at: it comes again, and has
  /// not had its turn. Many that join from one address would else keep each other out.
  public mutating func giveBack(to endpoint: PeerEndpoint) {
    buckets[Self.network(of: endpoint)]?.giveBack(each: limits.millisecondsOfAddress)
    invited.giveBack(each: limits.milliseconds)
  }

  /// Buckets that are full again say nothing. Are there none, the one goes that is full soonest: it has asked least.
  private mutating func makeRoom(at now: Int64) {
    buckets = buckets.filter { $0.value.fullAt > now }
    guard buckets.count >= limits.addresses else { return }
    let fullest = buckets.min { ($0.value.fullAt, $0.key.description) < ($1.value.fullAt, $1.key.description) }
    if let fullest { buckets[fullest.key] = nil }
  }

  /// Who has one address of IPv6 has a whole network of them (RFC 6177): half of it is counted as one.
  private static func network(of endpoint: PeerEndpoint) -> [UInt8] {
    guard let address = endpoint.compact?.dropLast(2) else { return [] }
    return Array(address.count == 16 ? address.prefix(8) : address)
  }
}
