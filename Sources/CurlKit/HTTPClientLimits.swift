/// Every bound of the client, by name.
public struct HTTPClientLimits: Sendable {
  /// Requests under way, and so connections in use, all origins together.
  public var transfers = 512
  /// Requests under way to one origin: over HTTP/1.1 its connections.
  public var transfersPerOrigin = 32
  /// Requests that wait for their turn; one more fails at once.
  public var waitingRequests = 10_000
  /// Connections that are open, used or resting. When one more comes to rest, the one that rested longest is closed.
  public var openConnections = 256
  /// A connection that rested longer is not used again: less than what servers grant.
  public var idleConnection = Duration.seconds(55)
  /// The head of an answer, all fields together.
  public var headBytes = 64 << 10
  /// How long an address of a name is believed.
  public var nameAnswer = Duration.seconds(30)

  public init() {}
}

/// How a client speaks.
public struct HTTPClientConfiguration: Sendable {
  public enum Version: Sendable {
    case http1
    /// Over TLS when the server offers it; else HTTP/1.1. For many small requests to far servers only: libcurl grants each
    /// stream 32 MiB, so a slow reader costs that much and holds up the others of its connection.
    case http2
  }

  public var version = Version.http1
  /// `http://host:port`, by CONNECT for https. `nil`: none, whatever the environment says.
  public var proxy: HTTPURL?
  public var limits = HTTPClientLimits()

  public init() {}
}
