extension Settings {
  public struct Torrent: Hashable, Sendable {
    public var isEnabled = true
    /// Patterns of `PublicPatterns`, checked; none: nothing is public.
    public var publicPatterns: [String] = []
    /// Of the public session, tried in order until one can be had.
    public var listen = [ListenAddress.everywhere(6881)]
    /// Base of web seeds and of the tracker, without a slash at its end; `nil`: as the client named the node.
    public var url: String?
    /// What the tracker says of this node's public session; `nil`: the address that the client reached.
    public var advertise: ListenAddress?
    public var liveMax = 200
    public var restAfter = Duration.seconds(600)
    public var usesDHT = true
    /// `HOST:PORT`: who is asked first where the DHT is. None: peers lead to it, or nobody.
    public var dhtNodes = [
      "dht.libtorrent.org:25401", "router.bittorrent.com:6881", "dht.transmissionbt.com:6881",
    ]
    public var trackers: [String] = []
    public var hasTracker = true
    /// Of the public session.
    public var connections = 1000
    /// A second; 0: none.
    public var hashingRateBytes = 64 << 20
    public var rate = Rate()

    public struct Rate: Hashable, Sendable {
      /// A second; 0: none.
      public var uploadBytes = 0
      public var downloadBytes = 0
    }
  }
}
