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
  /// The same while neither a peer of the fleet is connected nor a member that holds the blob answers: who waits is told
  /// soon that nobody has it.
  public var lonelyFleetPatience = Duration.seconds(5)
  /// The same once some of it has come. Members that had it a moment ago are most likely there, and slow; whoever reads it
  /// rather waits than begins anew.
  public var forsakenPatience = Duration.seconds(20)
  /// Blobs of the fleet up to this size come over the channel, and by their swarm only when that stalls.
  public var smallBytes: Int64 = 1 << 20
  /// When the swarm has brought no piece by then, the first one is asked of the channel besides.
  public var firstPiecePatience = Duration.milliseconds(150)
  /// Without a block for so long the swarm stalls, and the channel fills in.
  public var blockPatience = Duration.seconds(1)
  /// At most so much is asked of the channel at once, to fill in.
  public var fillBytes: Int64 = 4 << 20
  /// What was asked of the channel and did not come is asked again when the channel was silent for so long.
  public var fillPatience = Duration.seconds(5)
  /// A reader that waits longer than this for a piece, while others come, has the swarm told of it.
  public var readerPatience = Duration.seconds(2)
  /// A fetch that leaves the line between sites to a member of its own goes on to the next one, or crosses it, when neither
  /// has got a byte for so long.
  public var sitePatience = Duration.seconds(3)
  /// The same when fewer bytes than these came here for so long, whatever that member says of itself: within
  /// `stalledPatience`. A full line that a site shares among the layers of an image brings each of them more.
  public var siteBelief = Duration.seconds(15)
  public var siteLeastBytes: Int64 = 64 << 10
  /// Members that take part in the swarm are looked for so long after a fetch began, and from then on each time after the
  /// last of them.
  public var seekPauses = [Duration.seconds(1), .seconds(2), .seconds(5)]
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
