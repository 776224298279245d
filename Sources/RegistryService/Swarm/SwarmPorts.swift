import RegistryCore

/// The outside of a node that speaks BitTorrent.
public struct SwarmPorts: Sendable {
  /// The session of the fleet's members; `nil`: there is none, until `SwarmDesk.openFleet`.
  public let fleet: (any SwarmEngine)?
  /// Makes the session that strangers reach; called whenever there is something for it and it is not there.
  public let makePublic: (@Sendable () async throws(RegistryError) -> any SwarmEngine)?
  public let fetches: any FetchStore
  /// How the session of the fleet reaches other members; `nil`: it does not, and what they hold comes over the channel.
  public var way: (any SwarmWay)?
  /// Told how far blobs are that come through swarms of the fleet; from any thread, must not block.
  public var tells: @Sendable (Digest, FetchStage) -> Void = { _, _ in }
  public var rules = SwarmRules()
  public var fetchLimits = FetchLimits()

  public init(
    fleet: (any SwarmEngine)?, makePublic: (@Sendable () async throws(RegistryError) -> any SwarmEngine)?,
    fetches: any FetchStore
  ) {
    self.fleet = fleet
    self.makePublic = makePublic
    self.fetches = fetches
  }
}
