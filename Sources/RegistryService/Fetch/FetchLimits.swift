/// Bounds of what is fetched from elsewhere, by name.
public struct FetchLimits: Sendable {
  /// Fetches at work at once; beyond it the next is refused.
  public var concurrentFetches = 64
  /// Readers that wait for bytes of one fetch; beyond it the next is refused.
  public var waitingReaders = 4096
  /// Without a new piece for so long a fetch has stalled, and who waits for it is told.
  public var stalledPatience = Duration.seconds(30)
  /// The same while no peer is connected: trackers and the DHT take longer than a peer that we know.
  public var lonelyPatience = Duration.seconds(60)
  /// A fetch that has stalled ends; what arrived stays, and asking again goes on from there. Else it goes on alone.
  public var endsWhenStalled = true
  /// So much at the end of what a reader asked for waits until the whole digest agrees.
  public var heldBackBytes: Int64 = 16 << 10
  /// Verified bytes are hashed in steps of at least so many.
  public var hashStepBytes: Int64 = 1 << 20
  /// From where a reader waits, so much is asked for before the rest.
  public var hurriedBytes: Int64 = 1 << 20
  /// How long a torrent whose bytes had another digest is refused for that digest.
  public var falseTorrentMemory = Duration.seconds(3600)
  /// How many such torrents are remembered; the oldest is forgotten first.
  public var falseTorrents = 1024
  /// Fetches that ended before they were whole and keep what arrived for whoever asks again; beyond it the oldest loses
  /// its bytes.
  public var keptFetches = 64
  /// Fetches that ended and are still shown.
  public var endedFetches = 64
  /// Peers that are remembered for one fetch.
  public var peers = 256

  public init() {}
}
