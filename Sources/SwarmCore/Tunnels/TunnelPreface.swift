/// What a tunnel between two members begins with, after the handshake of TLS, and again whenever it is used anew: which
/// torrent the connection in it is of.
///
///     preface = "shoal-swarm" version(1 byte) info-hash(20 bytes)         from the member that dialled
///     answer  = 1 byte
public struct TunnelPreface: Hashable, Sendable {
  public enum Answer: UInt8, Hashable, Sendable, CaseIterable {
    case go = 0
    /// No such torrent is live there, and none was made live.
    case unknown = 1
    /// Too many connections just now.
    case busy = 2
    /// This member may not have it.
    case denied = 3
    /// The version is none of those that are spoken there.
    case unsupported = 4
  }

  public static let byteCount = 32
  public static let version: UInt8 = 1
  /// By ALPN (RFC 7301).
  public static let protocolName = "shoal-swarm/1"

  private static let word = Array("shoal-swarm".utf8)
  private static let hashByteCount = 20

  public let version: UInt8
  /// As handshakes of BitTorrent have it in both versions (`InfoHash.short`).
  public let torrent: [UInt8]

  /// `nil`: no hash of a torrent.
  public init?(torrent: [UInt8], version: UInt8 = version) {
    guard torrent.count == Self.hashByteCount else { return nil }
    (self.torrent, self.version) = (torrent, version)
  }

  /// `nil`: not a preface. One of a later version is told apart by whoever answers. Fuzzed.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount, bytes.starts(with: Self.word) else { return nil }
    let rest = bytes.dropFirst(Self.word.count)
    guard let version = rest.first else { return nil }
    self.init(torrent: Array(rest.dropFirst()), version: version)
  }

  public var bytes: [UInt8] { Self.word + [version] + torrent }
}
