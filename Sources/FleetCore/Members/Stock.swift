/// How much a node holds, by its own count: for people to look at. Nobody relies on it.
public struct Stock: Hashable, Sendable {
  public let blobs: Int64
  public let bytes: Int64

  /// `nil`: nobody holds less than nothing.
  public init?(blobs: Int64, bytes: Int64) {
    guard blobs >= 0, bytes >= 0 else { return nil }
    (self.blobs, self.bytes) = (blobs, bytes)
  }

  /// What a member said, and when, on the monotonic clock of who heard it.
  public struct Told: Hashable, Sendable {
    public let stock: Stock
    public let at: Int64
  }
}
