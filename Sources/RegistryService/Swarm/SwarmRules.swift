import RegistryCore

/// What an operator decides about the swarms, and the bounds by name.
public struct SwarmRules: Sendable {
  /// The repositories that strangers may fetch and seed; `SwarmDesk.set` changes them while the node runs.
  public var publicPatterns = PublicPatterns([])
  /// Live torrents in the public session; a blob has two there.
  public var publicLiveMax = 2000
  /// Trackers of public torrents.
  public var trackers: [String] = []
  /// A torrent that nobody wanted and that had no peer for so long rests.
  public var idlePatience = Duration.seconds(600)
  /// How long somebody who wants a torrent waits for hashes that are not there yet; the work goes on when it is over.
  public var hashingPatience = Duration.seconds(20)
  /// After an engine found fault with a blob that was then found sound, it rests for so long: else a disk that fails
  /// now and then would have the blob read again and again.
  public var suspectPause = Duration.seconds(600)
  /// After a blob was pushed again, an engine may still tell of the file that it had before.
  public var renewalPatience = Duration.seconds(60)
  /// When the session that strangers reach could not be opened, it is tried again after so long, and each time after twice
  /// as long, up to the second.
  public var publicRetryLeast = Duration.seconds(5)
  public var publicRetryMost = Duration.seconds(60)

  public init() {}
}
