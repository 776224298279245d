import Configuration
import RegistryHTTP

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

extension String {
  /// `HOST:PORT` without the port.
  fileprivate var hostPart: String { String(self[..<(lastIndex(of: ":") ?? endIndex)]) }
}
