extension Settings {
  /// How a member keeps images for its fleet.
  public struct Keep: Hashable, Sendable {
    /// Bytes a second of copies that replace lost ones; 0: no limit.
    public var rateBytes = 32 << 20
    /// How long a keeper may be away before another takes its place.
    public var patience = Duration.seconds(600)
  }

  public struct Push: Hashable, Sendable {
    public var acknowledgement = Acknowledgement.local
    /// How long a client waits for other members at most.
    public var patience = Duration.seconds(60)

    public enum Acknowledgement: String, CaseIterable, Sendable {
      case local, replicated
    }
  }
}
