import RegistryHTTP
import RegistryService
import Telemetry

/// The metrics of torrents. Labels are outcomes and kinds, never digests, repositories or peers.
enum TorrentMetrics {
  static func register(
    _ registry: Registry, _ tracker: TrackerDesk?, _ meter: SwarmMeter, in metrics: MetricsRegistry
  ) {
    registerHashing(registry.backfill, metrics)
    if let tracker { registerTracker(tracker, metrics) }
    if let fetches = registry.fetches { registerFetches(fetches, metrics) }
    guard let swarm = registry.swarm else { return }
    metrics.gauge("shoal_torrents_live", "Torrents that are live.") { Double(meter.numbers.liveTorrents) }
    metrics.gauge("shoal_torrent_peers", "Connections with BitTorrent peers.") { Double(meter.numbers.peers) }
    metrics.counter("shoal_torrent_sent_bytes_total", "Bytes of blobs sent to BitTorrent peers.") {
      Double(meter.numbers.uploadedBytes)
    }
    metrics.counter("shoal_torrent_received_bytes_total", "Bytes of blobs received from BitTorrent peers.") {
      Double(meter.numbers.downloadedBytes)
    }
    BlobSource.swarm.register(in: metrics) { Double(meter.numbers.downloadedBytes) }
    metrics.counter("shoal_torrent_wasted_bytes_total", "Bytes from BitTorrent peers that did not verify.") {
      Double(meter.numbers.wastedBytes)
    }
    registerMembers(meter, metrics)
    metrics.counter("shoal_torrent_rotten_total", "Blobs that were found rotten under their torrent.") {
      Double(swarm.counts.rottenBlobs)
    }
  }

  /// What members are to each other in swarms.
  private static func registerMembers(_ meter: SwarmMeter, _ metrics: MetricsRegistry) {
    let help = "Connections with members in swarms: with seeds that show their pieces one by one, and with others."
    metrics.gauge("shoal_swarm_peers", help, labels: ["state": "veiled"]) { Double(meter.numbers.veiledPeers) }
    metrics.gauge("shoal_swarm_peers", help, labels: ["state": "open"]) {
      Double(meter.numbers.memberPeers - meter.numbers.veiledPeers)
    }
    metrics.counter("shoal_swarm_reveals_total", "Pieces that were shown to members one by one.") {
      Double(meter.numbers.shownPieces)
    }
    metrics.counter("shoal_swarm_cut_total", "Connections with seeds that were cut since they showed nothing.") {
      Double(meter.numbers.cutPeers)
    }
    metrics.counter("shoal_swarm_banned_total", "Peers that were banned from a torrent for false bytes.") {
      Double(meter.numbers.bannedPeers)
    }
  }

  private static func registerFetches(_ fetches: FetchDesk, _ metrics: MetricsRegistry) {
    for outcome in FetchOutcome.allCases {
      metrics.counter(
        "shoal_fetches_total", "Fetches of blobs from peers and members, by how they ended.",
        labels: ["outcome": outcome.rawValue]
      ) { Double(fetches.count(of: outcome)) }
    }
    let parts: [(String, @Sendable (SiteCounts) -> Int)] = [
      ("near", { $0.near }), ("crossed", { $0.crossed }), ("asked", { $0.asked }),
    ]
    for (part, count) in parts {
      metrics.counter(
        "shoal_fleet_site_fetches_total", "Fetches beside a line between sites, by who crossed it.",
        labels: ["part": part]
      ) { Double(count(fetches.siteCounts)) }
    }
    metrics.counter("shoal_swarm_stalls_total", "Times that a swarm of members brought nothing for a second.") {
      Double(fetches.stalls)
    }
  }

  private static func registerHashing(_ backfill: TicketBackfill, _ metrics: MetricsRegistry) {
    metrics.gauge("shoal_hashing_left_blobs", "Blobs whose torrents are still to be hashed in the background.") {
      Double(backfill.progress.leftBlobs)
    }
    metrics.gauge("shoal_hashing_left_bytes", "Bytes of those blobs.") { Double(backfill.progress.leftBytes) }
  }

  private static func registerTracker(_ tracker: TrackerDesk, _ metrics: MetricsRegistry) {
    metrics.counter("shoal_tracker_announces_total", "Announces to this node's tracker.") {
      Double(tracker.statistics.announces)
    }
    metrics.counter("shoal_tracker_refused_total", "Announces that the tracker refused.") {
      Double(tracker.statistics.refusals)
    }
    metrics.gauge("shoal_tracker_peers", "Peers that the tracker remembers.") { Double(tracker.statistics.peers) }
    metrics.gauge("shoal_tracker_torrents", "Torrents that the tracker remembers peers of.") {
      Double(tracker.statistics.torrents)
    }
  }
}
