/// Bounds and times of keeping, by name. In milliseconds.
public struct KeeperRules: Sendable {
  /// How long a keeper may be away before another takes its place.
  public var patience: Int64 = 600_000
  /// How fast lost copies are made anew, in bytes a second; 0: as fast as can be.
  public var repairBytesPerSecond: Int64 = 0
  /// Who is among the keepers of what was named so lately keeps it unasked. Older than that, it waits to be asked.
  public var freshMilliseconds: Int64 = 60_000
  /// Copies of what was named so lately are first ones, and not held up by the rate.
  public var newMilliseconds: Int64 = 600_000
  /// Images that are looked at together.
  public var pageImages = 128
  /// So far back new images are looked for besides: positions of images that went may have been used again.
  public var overlap: Int64 = 256
  /// Images that are looked at again soon; all others wait for the next walk over all.
  public var laterLooks = 4096
  /// Images that are brought here at once.
  public var lanes = 2
  /// Members that are asked at once.
  public var questions = 8
  /// Who said nothing is not asked again for so long.
  public var silencePause: Int64 = 30_000
  /// When the disk was full, or more failed than is remembered, nothing is fetched for so long.
  public var pause: Int64 = 60_000

  public init() {}

  private static let longestSweepInterval: Int64 = 1_800_000

  /// How often everything is looked at, where nothing happens.
  var sweepInterval: Int64 { min(Self.longestSweepInterval, 3 * patience) }
  /// How often it is looked who is away.
  var tick: Int64 { min(1_000, max(200, patience / 10)) }
  /// A walk over all that something gave rise to begins at some time within this, so that not all nodes begin at once.
  var sweepSpread: Int64 { min(10_000, patience / 4) }
}
