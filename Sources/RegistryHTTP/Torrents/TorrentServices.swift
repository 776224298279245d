import RegistryCore
import RegistryService

/// What a node does with torrents, as far as requests ask for it.
public struct TorrentServices: Sendable {
  public let desk: TorrentDesk
  public var address = NodeAddress()
  /// How long a client waits for hashes that are not there yet, before it is asked to come back.
  public var patience = Duration.seconds(2)
  /// `nil`: this node is no tracker.
  public var tracker: TrackerDesk?
  /// What the tracker says of this node's public session: its address, `nil` for the one at which the client reached the
  /// tracker, and its port; `nil` while there is none.
  public var publicEndpoint: @Sendable () -> (address: String?, port: UInt16)? = { nil }
  /// `nil`: no session runs, for example while a command has the data folder to itself.
  public var swarm: (any SwarmOperations)?
  public var hashing: (@Sendable () async -> HashingReport)?
  /// Learns a magnet link's torrent from peers; takes as long as that takes, within a deadline of its own.
  public var resolveMagnet: (@Sendable (MagnetLink, [PeerEndpoint]) async throws(RegistryError) -> TorrentDocument)?

  public init(_ desk: TorrentDesk) { self.desk = desk }
}
