/// What is asked of a server, as a value.
public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  public var url: HTTPURL
  /// Without what frames the message or names the host: the client's alone.
  public var headers: HTTPHeaders
  public var body: Body
  public var patience: HTTPPatience
  /// How many redirects are followed, of GET and HEAD only: to the same scheme, and `Authorization` and `Cookie` stay with
  /// the origin that they were meant for. None: the answer is the redirect itself.
  public var redirectLimit = 0
  /// Where to dial instead of the URL's host and port, which go on to name the peer: in `Host`, in TLS, and in the pool of
  /// connections. For one peer at several addresses, or several behind one.
  public var dial: HTTPDialAddress?

  public init(
    _ method: HTTPMethod, _ url: HTTPURL, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none,
    patience: HTTPPatience = HTTPPatience()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.patience = patience
  }

  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// The length when it is known; else the body is sent in chunks. The server is asked with `Expect: 100-continue` before
    /// the first piece is pulled.
    case stream(length: Int64?, any HTTPBodySource)
  }
}

public struct HTTPDialAddress: Hashable, Sendable {
  public let host: String
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

public struct HTTPMethod: Hashable, Sendable {
  public let token: String

  public init(_ token: String) { self.token = token }

  public static let get = HTTPMethod("GET")
  public static let head = HTTPMethod("HEAD")
  public static let post = HTTPMethod("POST")
  public static let put = HTTPMethod("PUT")
  public static let patch = HTTPMethod("PATCH")
  public static let delete = HTTPMethod("DELETE")
}

/// Body bytes on their way to a server: pulled, one piece at a time and at most one ahead.
public protocol HTTPBodySource: Sendable {
  /// `nil` ends the body. An error, or a length that was not the one declared, cuts the connection, so that nothing wrong
  /// ends well. The task is cancelled when nobody wants the rest.
  func next() async throws -> [UInt8]?
}
