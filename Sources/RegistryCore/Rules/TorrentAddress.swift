/// The URLs that strangers put into torrents and magnet links, cut down to those that can be used: hints, so what is no
/// use is passed over and not refused.
enum TorrentAddress {
  static let byteLimit = 2048
  /// Of each kind that are kept of one torrent: a client asks them all.
  static let countLimit = 64

  static func trackers(_ urls: [String]) -> [String] { usable(urls, schemes: ["http://", "https://", "udp://"]) }

  static func webSeeds(_ urls: [String]) -> [String] { usable(urls, schemes: ["http://", "https://"]) }

  /// In their order, each once.
  private static func usable(_ urls: [String], schemes: [String]) -> [String] {
    var kept: [String] = []
    for url in urls where kept.count < countLimit {
      if isPlain(url), schemes.contains(where: { url.asciiLowercased.hasPrefix($0) }), !kept.contains(url) {
        kept.append(url)
      }
    }
    return kept
  }

  /// Visible ASCII: nothing that could end a line of a log or of a request.
  private static func isPlain(_ url: String) -> Bool {
    url.utf8.count <= byteLimit && url.utf8.allSatisfy { 0x21...0x7e ~= $0 }
  }
}
