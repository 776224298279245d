/// Why a stream did not do what it was asked for. It is closed then.
public struct StreamFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// Nobody answers there.
    case unreachable
    /// Somebody answers who is not the one that was meant, or does not believe us.
    case distrusted
    /// It is the one that was meant, and does not speak the protocol.
    case unsupported
    /// The peer has closed it in good order.
    case ended
    /// By the peer, by the network, or by `cut`.
    case cut
    /// Longer than was granted.
    case late
    /// The server stops.
    case stopping
  }

  public let kind: Kind
  /// For people.
  public let reason: String

  init(_ kind: Kind, _ reason: String) {
    (self.kind, self.reason) = (kind, reason)
  }

  public var description: String { reason }

  static let ended = StreamFailure(.ended, "the peer has closed the connection")
  static let cut = StreamFailure(.cut, "the connection was cut")
  static let late = StreamFailure(.late, "the peer took too long")
  static let stopping = StreamFailure(.stopping, "the server is stopping")
}
