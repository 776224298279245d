/// How long a request may take, and how slow its peer may be.
public struct HTTPPatience: Sendable {
  /// From the start of dialling to the end of the TLS handshake; a lookup of the name is in it.
  public var connect = Duration.seconds(5)
  /// From the end of the request to the end of the answer's head.
  public var firstByte = Duration.seconds(30)
  /// From the call to the last byte of the answer, waiting for a turn included. `nil`: as long as bytes move.
  public var whole: Duration?
  /// What the peer must take or give on average while we wait for it; see `grace`. A consumer or source of ours that is slow
  /// is never the peer's fault.
  public var minimumBytesPerSecond = 1_024
  /// How far behind the minimum rate a peer may fall, and so how long it may stand still.
  public var grace = Duration.seconds(30)

  public init() {}

  public init(whole: Duration) {
    self.whole = whole
    connect = min(connect, whole)
  }
}
