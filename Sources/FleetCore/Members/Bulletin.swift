/// What a node says of itself with each exchange: for people to look at. Nobody relies on it. What is `nil` it does not say.
public struct Bulletin: Hashable, Sendable {
  public var stock: Stock?
  /// How old what it knows may be: how long ago it began the last exchange that left nothing open.
  public var behindMilliseconds: Int64?
  /// When the certificate ends that it shows, in seconds since 1970.
  public var certificateEnd: Int64?

  public init(stock: Stock? = nil, behindMilliseconds: Int64? = nil, certificateEnd: Int64? = nil) {
    (self.stock, self.behindMilliseconds) = (stock, behindMilliseconds)
    self.certificateEnd = certificateEnd
  }

  public var isEmpty: Bool { self == Bulletin() }

  /// What a member said, and when, on the monotonic clock of who heard it.
  public struct Told: Hashable, Sendable {
    public let bulletin: Bulletin
    public let at: Int64
  }
}

/// How much a node holds, by its own count.
public struct Stock: Hashable, Sendable {
  public let blobs: Int64
  public let bytes: Int64

  /// `nil`: nobody holds less than nothing.
  public init?(blobs: Int64, bytes: Int64) {
    guard blobs >= 0, bytes >= 0 else { return nil }
    (self.blobs, self.bytes) = (blobs, bytes)
  }
}
