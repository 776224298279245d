/// One that a live torrent is connected with, in numbers.
public struct LivePeer: Hashable, Sendable {
  public let endpoint: PeerEndpoint
  /// That it has, as far as it has shown them.
  public let pieces: Int
  /// It has all, and says so.
  public let isSeed: Bool
  /// From it, and to it.
  public let downloadBytesPerSecond: Int
  public let uploadBytesPerSecond: Int
  public let downloadedBytes: Int64
  public let uploadedBytes: Int64

  public init(
    _ endpoint: PeerEndpoint, pieces: Int, isSeed: Bool, downloadBytesPerSecond: Int = 0, uploadBytesPerSecond: Int = 0,
    downloadedBytes: Int64 = 0, uploadedBytes: Int64 = 0
  ) {
    (self.endpoint, self.pieces, self.isSeed) = (endpoint, pieces, isSeed)
    (self.downloadBytesPerSecond, self.uploadBytesPerSecond) = (downloadBytesPerSecond, uploadBytesPerSecond)
    (self.downloadedBytes, self.uploadedBytes) = (downloadedBytes, uploadedBytes)
  }
}
