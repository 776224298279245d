/// Every bound of what members say to each other, and how long each waits. What a member does a second does not grow with
/// the number of members: each of these is one number for every fleet.
public enum FleetLimits {
  // Spreading.
  /// How many members are told of something new, by each that hears of it.
  public static let fanout = 6
  /// How often a rumour is handed on at most. In a fleet of 20,000 it has reached everybody after half as many.
  public static let rumourHops: Int64 = 16
  /// More claims of one writer at once are a history and no rumour: they are left to the exchange.
  public static let rumourClaims = 128
  /// Claims that wait to be told; what is beyond is left to the exchange.
  public static let waitingRumours = 1024
  /// News are told at once, and then what came meanwhile is told together.
  public static let rumourPauseMilliseconds: Int64 = 20

  // Exchange.
  public static let exchangePeriodMilliseconds: Int64 = 2000
  /// How many members each asks in a period.
  public static let exchangePeers = 2
  /// How many are asked at once when somebody waits for the latest, and how often that is done at most.
  public static let refreshPeers = 3
  public static let refreshPauseMilliseconds: Int64 = 200
  /// Every question: who does not answer in time has not answered.
  public static let askMilliseconds: Int64 = 900
  /// Questions under way. What is beyond is not asked; the next exchange comes.
  public static let asks = 512
  /// Questions of others that wait for the disk here; who asks more is told that this node is busy.
  public static let waitingReplies = 64
  /// Claims in one message.
  public static let runBytes = 1024 * 1024
  /// Logs that one question asks for.
  public static let wants = 256
  /// Writers in one message; of more, one part is compared at a time.
  public static let headsInMessage = 16_384
  /// A log may be shortened where it is older than this. A gap in younger claims is somebody's who keeps them back.
  public static let wholeLogMilliseconds: Int64 = 24 * 60 * 60 * 1000
  /// Records, proofs and cards in one message.
  public static let newsBytes = 1024 * 1024
  /// More statements than these in one message are a directory that is read whole, and not told on.
  public static let newsForwarded = 16

  // Messages.
  public static let messageBytes = 4 * 1024 * 1024
  static let messageValues = 128 * 1024

  // Members.
  public static let indirectProbes = 2
  public static let suspicionMilliseconds: Int64 = 30_000
  /// Whom a copy of its data folder contradicts says who it is so often at most.
  public static let introductionMilliseconds: Int64 = 5000
  /// Suspicions told with each exchange, the latest ones.
  public static let suspicionsInMessage = 64
  /// Who sent what cannot be honest is not listened to for so long.
  public static let shunMilliseconds: Int64 = 60_000
  public static let shunned = 1024

  // Clock.
  public static let clockSamples = 32
  public static let clockSampleMilliseconds: Int64 = 60_000
  /// How many are asked at start for the time: the median of three.
  public static let clockPeers = 3
  public static let clockOffMilliseconds: Int64 = 10_000
  /// So many members at least must agree about the time before a node believes them rather than its own clock about what
  /// is due; in a fleet of fewer than ten, more than half of the others.
  public static let agreeingClocks = 5
  /// While nobody is heard, what was heard last counts for so long. Quartz drifts by a tenth of what is off in that time.
  public static let clockMemoryMilliseconds: Int64 = 24 * 60 * 60 * 1000

  // Freshness, epochs, forks.
  public static let behindMilliseconds: Int64 = 5000
  /// How many are asked at start what they have of this node.
  public static let epochPeers = 8
  public static let epochMilliseconds: Int64 = 2000
  public static let forkHunts = 4
  /// How far back the first look for a fork goes; each look after that goes further by as many times.
  static let forkReach: Int64 = 16
  static let forkLooks = 24
}
