import RegistryCore

/// What a node has while it is in a fleet: the session of its members, the way to them, and who hears how far blobs are.
public struct FleetSession: Sendable {
  let engine: any SwarmEngine
  /// `nil`: it reaches nobody, and what other members hold comes over the channel.
  let way: (any SwarmWay)?
  let tells: @Sendable (Digest, FetchStage) -> Void

  /// - Parameter tells: how far blobs are that come through swarms of the fleet; from any thread, must not block.
  public init(
    _ engine: any SwarmEngine, way: (any SwarmWay)?,
    tells: @escaping @Sendable (Digest, FetchStage) -> Void = { _, _ in }
  ) {
    (self.engine, self.way, self.tells) = (engine, way, tells)
  }
}
