/// Bounds of the verbs, by name. Those of the wire are the wire's own.
public struct RegistryLimits: Sendable {
  /// distribution-spec 1.1 wants at least 4 MB.
  public var manifestBytes = 4 << 20
  public var blobBytes: Int64 = 128 << 30
  /// Uploads that the node remembers at once. Beyond it the longest idle one rests on disk, and is taken up again from
  /// there; when none is idle the next is refused.
  public var openUploads = 4096
  /// An upload that nobody went on with for so long is dropped.
  public var uploadExpirySeconds = 24 * 3600
  public var tagsPerPush = 100
  /// How fast blobs that came in without a ticket are read to make one. 0: as fast as can be.
  public var hashingBytesPerSecond = 64 << 20

  public init() {}
}
