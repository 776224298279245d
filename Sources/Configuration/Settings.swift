/// The whole configuration of a node, checked. What stands here as an initial value is the default: the table of keys
/// reads it from here, and so do the example file and the page.
public struct Settings: Hashable, Sendable {
  public var data = "./data"
  public var http = HTTP()
  public var insecure = false
  /// What clients call the registry; the first is what others are told.
  public var names: [String] = []
  public var limits = Limits()
  public var timeouts = Timeouts()
  public var uploads = Uploads()
  public var manifests = Manifests()
  public var blobs = Blobs()
  public var log = Log()
  public var metrics = Metrics()
  public var cache = Cache()
  public var torrent = Torrent()
  public var fleet = Fleet()
  public var keep = Keep()
  public var push = Push()

  public init() {}

  public struct HTTP: Hashable, Sendable {
    public var listen = [ListenAddress.usual]
    /// 0: one a core.
    public var loops = 0
    public var tls = TLS()
  }

  public struct TLS: Hashable, Sendable {
    public var certificate: String?
    public var key: String?
    public var minimum = Version.tls12

    public enum Version: String, CaseIterable, Sendable {
      case tls12 = "1.2"
      case tls13 = "1.3"
    }

    /// Where both files are; `nil` when the listeners speak plain HTTP.
    public var files: (certificate: String, key: String)? {
      guard let certificate, let key else { return nil }
      return (certificate, key)
    }
  }

  public struct Limits: Hashable, Sendable {
    public var connections = 16_384
    public var connectionsPerAddress = 4096
    public var headBytes = 16 << 10
    public var manifestBytes = 4 << 20
    public var uploads = 4096
    /// A second; 0: none.
    public var bodyRateMinimumBytes = 1 << 10
    public var blobBytes: Int64 = 128 << 30
  }

  public struct Timeouts: Hashable, Sendable {
    public var head = Duration.seconds(10)
    public var handshake = Duration.seconds(10)
    public var idle = Duration.seconds(60)
    public var shutdown = Duration.seconds(30)
  }

  public struct Uploads: Hashable, Sendable {
    public var expire = Duration.seconds(24 * 3600)
    /// 0: none.
    public var chunkMinimumBytes = 0
  }

  public struct Manifests: Hashable, Sendable {
    public var sparse = false
  }

  public struct Blobs: Hashable, Sendable {
    public var deleteNeeded = DeleteNeeded.allow

    public enum DeleteNeeded: String, CaseIterable, Sendable {
      case allow, refuse
    }
  }

  public struct Log: Hashable, Sendable {
    public var level = Level.info
    public var format = Format.auto
    public var access = true

    public enum Level: String, CaseIterable, Sendable {
      case debug, info, warning, error
    }

    public enum Format: String, CaseIterable, Sendable {
      case auto, logfmt, json
    }
  }

  public struct Metrics: Hashable, Sendable {
    public var isEnabled = true
  }

  public struct Cache: Hashable, Sendable {
    public var manifestBytes = 64 << 20
  }
}
