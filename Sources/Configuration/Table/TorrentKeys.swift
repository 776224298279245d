extension SettingKey {
  /// The part of the table that is about torrents.
  static let torrent: [SettingKey] = [
    .one(
      "torrent.enabled", \.torrent.isEnabled, .flag,
      """
      Keep a torrent of every blob, hashed while it is pushed, and move blobs between peers. Members of a fleet hash and \
      move blobs without it too.
      """),
    .list(
      "torrent.public", \.torrent.publicPatterns, .pattern, flag: "torrent-public",
      """
      Repositories that strangers may fetch and seed with any BitTorrent client, pullable by whoever has the magnet link. \
      * stands for any text within one part of a name, ** as a part for any number of parts; ** alone is every \
      repository. Put patterns in quotes. None: nothing is public.
      """),
    .list(
      "torrent.listen", \.torrent.listen, .address,
      """
      Where strangers' BitTorrent clients reach this node, TCP and UDP, while torrent.public names something. Tried in \
      order until one can be had. Put one that starts with * or [ in quotes.
      """),
    .one(
      "torrent.url", \.torrent.url, .webAddress,
      """
      How strangers reach this node's HTTP: the base of web seeds and of the tracker in .torrent files and magnet links. \
      Without it they say what the client called the node.
      """),
    .one(
      "torrent.advertise", \.torrent.advertise, .endpoint,
      """
      The address and port that the tracker gives out for this node itself, for nodes behind NAT. Without it: the address \
      at which the client reached the tracker, with the port of torrent.listen.
      """),
    .one(
      "torrent.live_max", \.torrent.liveMax, .count(1...100_000),
      "Torrents that are live at once; the others rest until somebody wants them."),
    .one(
      "torrent.rest_after", \.torrent.restAfter, .duration(.seconds(1) ... .seconds(365 * 24 * 3600)),
      "How long a torrent stays live when nobody asks for it."),
    .one(
      "torrent.dht", \.torrent.usesDHT, .flag,
      "Announce public torrents in the DHT, so that a magnet link finds this node without a tracker."),
    .list(
      "torrent.dht_nodes", \.torrent.dhtNodes, .dhtNode,
      "Who is asked where the DHT is, when the public session opens. Without any, only peers lead to it."),
    .list(
      "torrent.trackers", \.torrent.trackers, .trackerAddress,
      "Further trackers of public torrents, beside this node's own."),
    .one(
      "torrent.tracker", \.torrent.hasTracker, .flag, "Be a tracker of public torrents at /announce on http.listen."),
    .one(
      "torrent.connections", \.torrent.connections, .count(2...100_000),
      "Connections with peers that are open at once."),
    .one(
      "torrent.hashing_rate", \.torrent.hashingRateBytes, .size(0...1 << 40, a: " a second"),
      "How fast blobs that were here before are read to make torrents of them, in bytes a second. 0 is as fast as can be."
    ),
    .one(
      "torrent.rate.upload", \.torrent.rate.uploadBytes, .size(0...1 << 40, a: " a second"),
      "The fastest that peers are sent to, all together, in bytes a second. 0 is as fast as can be."),
    .one(
      "torrent.rate.download", \.torrent.rate.downloadBytes, .size(0...1 << 40, a: " a second"),
      "The fastest that is fetched from peers, all together, in bytes a second. 0 is as fast as can be."),
  ]
}
