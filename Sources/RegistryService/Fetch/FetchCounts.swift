/// For the metrics, since the start of the node.
public struct FetchCounts: Hashable, Sendable {
  public internal(set) var running = 0
  public internal(set) var complete = 0
  /// Ended by a fault, by a stall, by an operator.
  public internal(set) var failed = 0
  /// Of those, with other bytes than their digest's.
  public internal(set) var falsified = 0
  /// Of blobs that are whole.
  public internal(set) var completeBytes: Int64 = 0

  mutating func add(_ progress: FetchProgress, _ ending: RemoteBlobFetch.Ending) {
    switch ending {
    case .complete:
      complete += 1
      completeBytes += progress.size
    case .falsified:
      failed += 1
      falsified += 1
    case .dropped, .kept: failed += 1
    }
  }
}
