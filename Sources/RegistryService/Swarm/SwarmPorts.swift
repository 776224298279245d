import RegistryCore

/// The outside of a node that speaks BitTorrent.
public struct SwarmPorts: Sendable {
  /// The session of the fleet's members; `nil`: there is none.
  public let fleet: (any SwarmEngine)?
  /// Makes the session that strangers reach; called whenever there is something for it and it is not there.
  public let makePublic: (@Sendable () async throws(RegistryError) -> any SwarmEngine)?
  public let fetches: any FetchStore
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
