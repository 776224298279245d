/// The head of an answer.
public struct HTTPHead: Sendable {
  public let status: Int
  public let headers: HTTPHeaders
  /// How many bytes of body the head promised; `nil` when it did not say.
  public let contentLength: Int64?
}

/// An answer whose body is still on its way.
public struct HTTPResponse: Sendable {
  public let head: HTTPHead
  /// Let go of, it ends the transfer; what is not read stays with the server.
  public let body: HTTPBody

  public var status: Int { head.status }
  public var headers: HTTPHeaders { head.headers }
}

/// An answer that is here, whole.
public struct HTTPAnswer: Sendable {
  public let head: HTTPHead
  public let body: [UInt8]

  public var status: Int { head.status }
  public var headers: HTTPHeaders { head.headers }
}
