import Configuration
import RegistryCore
import RegistryHTTP
import RegistryService
import Telemetry

extension TorrentServices {
  /// What a data folder alone can do: torrents of what is here, and nothing that moves.
  init(_ node: Node, _ settings: Settings) {
    self.init(node.torrents)
    address.url = settings.torrent.url
    address.isSecure = settings.http.tls.files != nil
    address.listener = settings.http.listen.first.map { listener in
      // What listens on every address can be reached by the name of this machine to itself, whatever others call it.
      let host = ["*", "0.0.0.0", "::"].contains(listener.host) ? "localhost" : listener.description.hostPart
      return "\(address.isSecure ? "https" : "http")://\(host):\(listener.port)"
    }
  }
}

extension TorrentServices {
  /// And what moves, while a node serves.
  mutating func serve(_ node: Node, _ torrent: Settings.Torrent, _ magnets: MagnetChild, _ log: Logger) {
    swarm = RunningSwarms(node.registry, work: node.work)
    resolveMagnet = { link, peers throws(RegistryError) in try await magnets.resolve(link, peers) }
    hashing = { [backfill = node.registry.backfill] in HashingReport(backfill.progress) }
    guard let swarms = node.registry.swarm else { return }
    publicEndpoint = {
      if let advertised = torrent.advertise { return (advertised.host, advertised.port) }
      return swarms.publicEndpoint.map { (nil, $0.port) }
    }
    guard torrent.hasTracker else { return }
    tracker = TrackerDesk(node.ports.tickets, desk: node.torrents, log: log) { digest throws(RegistryError) in
      try await swarms.want(digest)
    }
  }
}

extension String {
  /// `HOST:PORT` without the port.
  fileprivate var hostPart: String { String(self[..<(lastIndex(of: ":") ?? endIndex)]) }
}
