/// Every bound of the server, by name.
public struct WireLimits: Sendable {
  /// Open connections, all listeners together. One more is answered 503 (in plaintext) and closed.
  public var connections = 10_000
  /// Open connections of one address. Unix sockets have no address and are not counted.
  public var connectionsPerAddress = 1_024
  /// Request line and fields together, at most 65,535; above it 431.
  public var headBytes = 32 << 10
  /// The request-target alone; above it 414.
  public var targetBytes = 8 << 10
  /// Fields in one head, at most 100; above it 431.
  public var fieldCount = 100
  /// From the first byte of a head (of the first one: from the start of the connection) to its last, however slowly
  /// bytes trickle in.
  public var headDeadline = Duration.seconds(10)
  /// From accept to the end of the TLS handshake.
  public var handshakeDeadline = Duration.seconds(10)
  /// From the end of an answer to the first byte of the next request.
  public var idleDeadline = Duration.seconds(75)
  /// What a peer must take or give on average while the server waits for it; see `RateBudget`.
  public var minimumBytesPerSecond = 1_024
  /// How far behind the minimum rate a peer may fall.
  public var rateGrace = Duration.seconds(30)
  /// An unread body up to this size is read and thrown away so that the connection lives on.
  public var drainBytes: Int64 = 1 << 20
  /// Of an unread body beyond `drainBytes`: how much is taken after the answer, so that the client reads the answer
  /// rather than a reset, before the connection closes.
  public var lingerBytes: Int64 = 256 << 20
  public var lingerDeadline = Duration.seconds(30)
  /// The same while the server stops: an answer of a moment ago still arrives, and nobody holds up the end.
  public var lingerDeadlineWhileStopping = Duration.seconds(1)
  /// What one connection may move before the others of its loop get their turn.
  public var bytesPerTurn = 4 << 20

  public init() {}
}
