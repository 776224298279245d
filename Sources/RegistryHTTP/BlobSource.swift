import Telemetry

/// Where the bytes of blobs come from that a node gives to others or takes for itself.
public enum BlobSource: String, CaseIterable, Sendable {
  /// This node's own disk, on their way to a client.
  case local
  /// Members of the fleet, as ranges.
  case channel
  /// BitTorrent peers.
  case swarm

  /// Counted by whoever moves them.
  public func register(in metrics: MetricsRegistry, read: @escaping @Sendable () -> Double?) {
    metrics.counter(
      "shoal_blob_bytes_total",
      "Bytes of blobs: from this node's disk to clients, from members, from BitTorrent peers.",
      labels: ["source": rawValue], read: read)
  }
}
