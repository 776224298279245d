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
    address.names = settings.names
    address.isSecure = settings.http.tls.files != nil
    let scheme = address.isSecure ? "https" : "http"
    address.listener = { settings.http.listen.first.map { "\(scheme)://\($0.reachableHost):\($0.port)" } }
  }
}

extension TorrentServices {
  /// And what moves, while a node serves.
  /// - Parameter port: of the first listener, once it listens: the kernel may have picked it.
  mutating func serve(
    _ node: Node, _ settings: Settings, _ magnets: MagnetChild, port: @escaping @Sendable () -> UInt16?, _ log: Logger
  ) {
    let torrent = settings.torrent
    let scheme = address.isSecure ? "https" : "http"
    address.listener = {
      settings.http.listen.first.map { "\(scheme)://\($0.reachableHost):\(port() ?? $0.port)" }
    }
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

extension ListenAddress {
  /// What listens on every address is reached by this machine at its own name for itself, whatever others call it.
  fileprivate var reachableHost: String {
    if ["*", "0.0.0.0", "::"].contains(host) { return "localhost" }
    return host.contains(":") ? "[\(host)]" : host
  }
}
