import RegistryCore
import Telemetry

/// Where the bytes of blobs come from that a node gives to others or takes for itself.
public enum BlobSource: String, CaseIterable, Sendable {
  /// This node's own disk, on their way to a client.
  case local
  /// Members of the fleet, as ranges.
  case channel
  /// BitTorrent peers.
  case swarm

  /// Of an answer with a blob: where its bytes come from, as far as that is known when it begins.
  static let field = "X-Shoal-Source"

  /// `local`, or `channel+swarm; peers=3`.
  /// - Parameter arrival: `nil`: it is here.
  static func text(of arrival: BlobArrival?) -> String {
    guard let arrival else { return local.rawValue }
    let sources = BlobArrival.Source.allCases.filter { arrival.sources.contains($0) }.map(\.rawValue)
    return "\(sources.joined(separator: "+")); peers=\(arrival.peers)"
  }

  /// Counted by whoever moves them.
  public func register(in metrics: MetricsRegistry, read: @escaping @Sendable () -> Double?) {
    metrics.counter(
      "shoal_blob_bytes_total",
      "Bytes of blobs: from this node's disk to clients, from members, from BitTorrent peers.",
      labels: ["source": rawValue], read: read)
  }
}
