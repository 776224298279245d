/// How a fetch ended, for the metrics.
public enum FetchOutcome: String, Hashable, Sendable, CaseIterable {
  case complete
  /// The bytes had another digest.
  case falsified
  case cancelled
  /// It stalled, or the node stopped: what arrived is kept.
  case kept

  init(_ ending: RemoteBlobFetch.Ending) {
    self =
      switch ending {
      case .complete: .complete
      case .falsified: .falsified
      case .dropped: .cancelled
      case .kept: .kept
      }
  }
}
