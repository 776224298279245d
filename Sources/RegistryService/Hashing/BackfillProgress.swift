import RegistryCore

/// How far the background's hashing is, for operators. What is left was counted when the round began: an estimate.
public struct BackfillProgress: Hashable, Sendable {
  public enum Activity: Hashable, Sendable {
    /// Nothing is left, or nobody wants torrents.
    case resting
    /// Counting what there is to do.
    case surveying
    case hashing(TorrentVersion)
  }

  public internal(set) var activity = Activity.resting
  public internal(set) var doneBlobs = 0
  public internal(set) var doneBytes: Int64 = 0
  public internal(set) var leftBlobs = 0
  public internal(set) var leftBytes: Int64 = 0
  /// Put aside on the way.
  public internal(set) var rottenBlobs = 0
  /// Named and not readable: left for another round.
  public internal(set) var skippedBlobs = 0

  public init() {}

  mutating func expect(_ blobs: [StoredBlob]) {
    leftBlobs += blobs.count
    leftBytes += blobs.reduce(0) { $0 + $1.size }
  }

  /// One that came in after the count is done and was never left.
  mutating func finish(_ blob: StoredBlob) {
    doneBlobs += 1
    doneBytes += blob.size
    leftBlobs = max(0, leftBlobs - 1)
    leftBytes = max(0, leftBytes - blob.size)
  }
}
