import RegistryCore
import SwarmCore

/// What one engine is made of.
public struct SwarmOptions: Sendable {
  public enum Role: Sendable {
    /// Members only: no uTP, DHT, local discovery, peer exchange, trackers.
    case fleet
    /// Strangers: uTP, DHT, peer exchange, trackers.
    case `public`
  }

  /// Bytes a second; 0 is no limit.
  public struct Rates: Hashable, Sendable {
    public var upload = 0
    public var download = 0
    /// Of these, what peers on private and loopback addresses may have together.
    public var nearUpload = 0
    public var nearDownload = 0
    /// Of these, what those may have together that `LibtorrentEngine.place` put far away.
    public var farUpload = 0
    public var farDownload = 0

    public init(
      upload: Int = 0, download: Int = 0, nearUpload: Int = 0, nearDownload: Int = 0, farUpload: Int = 0,
      farDownload: Int = 0
    ) {
      self.upload = upload
      self.download = download
      self.nearUpload = nearUpload
      self.nearDownload = nearDownload
      self.farUpload = farUpload
      self.farDownload = farDownload
    }
  }

  public var role: Role
  /// Tried in order until one can be listened on: `127.0.0.1:6881`, `[::]:6881`; several at once with commas. Port 0 is
  /// any free one.
  public var listen: [String]
  /// Nobody connects or is connected to but who was admitted.
  public var registeredOnly: Bool
  /// Of the fleet role alone: nobody connects but from endpoints that were expected, and what is dialled is told to the
  /// way. For an engine on loopback, where every local user could dial it.
  public var expectedOnly = false
  /// Of the public role alone.
  public var dht = true
  /// Of the public role alone: announces to the subnet by multicast.
  public var localDiscovery = false
  /// `host:port`: where the DHT is entered.
  public var dhtNodes: [String] = []
  public var connectionsLimit = 200
  public var rates = Rates()
  /// What trackers and peers are told.
  public var agent = "Shoal"
  /// Of the fleet role alone: a seed of at least so many bytes shows its pieces one by one; `nil`: none does. Members must
  /// have it alike.
  public var hidesFromBytes: Int64?
  /// Alerts that the library keeps for us before it drops some; 0 is the shim's default.
  var alertQueueSize = 0
  /// Words that the shim keeps for us before it loses all; 0 is its default.
  var wordQueueSize = 0

  public init(role: Role, listen: [String], registeredOnly: Bool? = nil) {
    self.role = role
    self.listen = listen
    self.registeredOnly = registeredOnly ?? (role == .fleet)
    hidesFromBytes = role == .fleet ? HidingRules.leastBytes : nil
  }
}
