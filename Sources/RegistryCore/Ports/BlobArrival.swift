/// Where the bytes of a blob come from that is still on its way here.
public struct BlobArrival: Hashable, Sendable {
  public enum Source: String, Hashable, Sendable, CaseIterable {
    /// Ranges from members that hold it.
    case channel
    /// Peers of its torrent.
    case swarm
  }

  /// Those that have brought some of it; as long as none has, the one that it is expected from.
  public let sources: Set<Source>
  /// Peers of its torrent that are connected.
  public let peers: Int

  public init(sources: Set<Source>, peers: Int) { (self.sources, self.peers) = (sources, peers) }
}
