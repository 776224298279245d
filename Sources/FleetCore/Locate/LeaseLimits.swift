/// The bounds of what is remembered and told of who has what.
public struct LeaseLimits: Hashable, Sendable {
  /// How long what a member told is believed after its last batch.
  public var leaseMilliseconds: Int64 = 60_000
  /// How often a member that nothing new is told hears that all still holds.
  public var renewalMilliseconds: Int64 = 20_000
  /// How soon a member that did not answer is told again; it doubles up to `renewalMilliseconds`.
  public var retryMilliseconds: Int64 = 1_000
  /// Leases that one member may have here.
  public var leasesOfMember = 131_072
  /// Leases of all members: about 50 MB.
  public var leases = 262_144
  /// Members of which leases are kept.
  public var members = 20_000
  /// How many scores a single call may reckon when members have come or gone.
  public var scoresAtOnce = 1_000_000

  public init() {}
}
