import BlobStoreDisk
import BlockingWork
import Configuration
import RegistryCore
import RegistryService
import SwarmTorrent
import Telemetry

extension SwarmPorts {
  /// BitTorrent as the settings want it; `nil`: not at all. A node alone has no members to speak to, so there is the session
  /// for strangers only, and that only while something is public or fetched.
  init?(_ torrent: Settings.Torrent, _ folder: DiskDataFolder, work: BlockingPool, log: Logger) {
    guard torrent.isEnabled else { return nil }
    let options = SwarmOptions(torrent)
    self.init(
      fleet: nil,
      makePublic: { () async throws(RegistryError) in
        let engine = try await LibtorrentEngine.open(options, work: work, log: log)
        for endpoint in engine.endpoints {
          log.info("speaking BitTorrent to strangers", LogField("address", endpoint.description))
        }
        return engine
      }, fetches: folder.fetches)
    rules.publicPatterns = PublicPatterns(torrent.publicPatterns)
    rules.publicLiveMax = torrent.liveMax
    rules.trackers = torrent.trackers
    rules.idlePatience = torrent.restAfter
  }
}

extension SwarmOptions {
  fileprivate init(_ torrent: Settings.Torrent) {
    self.init(role: .public, listen: torrent.listen.map(\.sockets))
    (dht, dhtNodes) = (torrent.usesDHT, torrent.dhtNodes)
    connectionsLimit = torrent.connections
    rates = Rates(upload: torrent.rate.uploadBytes, download: torrent.rate.downloadBytes)
    agent = "Shoal/\(shoalVersion)"
  }
}

extension ListenAddress {
  /// As libtorrent reads it: both families of `*` at once.
  fileprivate var sockets: String {
    addresses.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" }.joined(separator: ",")
  }
}
