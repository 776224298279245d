import OpenSSLKit

/// The head of one request, checked by `HeadParser`: one Host (HTTP/1.0 may have none), no ambiguous framing, no control
/// characters.
///
/// The path is raw: route on it before anything is decoded.
public struct Request: Sendable {
  public let method: Method
  /// Up to the `?`, as sent.
  public let path: String
  /// After the `?`, as sent; `nil` when there is none.
  public let query: String?
  public let fields: Fields
  private let origin: RequestOrigin
  /// Tells this request from every other of the process, in the answer and in the log.
  public let id: RequestID

  public init(
    method: Method, path: String, query: String? = nil, fields: Fields = Fields(), peer: PeerAddress = .local,
    local: PeerAddress = .local, isSecure: Bool = false, client: TLSPeer? = nil, id: RequestID = RequestID.next()
  ) {
    let origin = RequestOrigin(peer: peer, local: local, isSecure: isSecure, client: client)
    self.init(method: method, path: path, query: query, fields: fields, origin: origin, id: id)
  }

  init(
    method: Method, path: String, query: String?, fields: Fields, origin: RequestOrigin,
    id: RequestID = RequestID.next()
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.origin = origin
    self.id = id
  }

  public var peer: PeerAddress { origin.peer }
  /// Our end of the connection: the address that the client reached.
  public var local: PeerAddress { origin.local }
  public var isSecure: Bool { origin.isSecure }
  /// Who showed a certificate on this connection that was verified and has not expired. `nil`: nobody, or nobody was asked.
  public var client: TLSPeer? { origin.client }

  public enum Method: Hashable, Sendable {
    case get, head, post, put, patch, delete, options
    case other(String)

    public init(token: String) {
      switch token {
      case "GET": self = .get
      case "HEAD": self = .head
      case "POST": self = .post
      case "PUT": self = .put
      case "PATCH": self = .patch
      case "DELETE": self = .delete
      case "OPTIONS": self = .options
      default: self = .other(token)
      }
    }

    public var token: String {
      switch self {
      case .get: "GET"
      case .head: "HEAD"
      case .post: "POST"
      case .put: "PUT"
      case .patch: "PATCH"
      case .delete: "DELETE"
      case .options: "OPTIONS"
      case .other(let token): token
      }
    }
  }
}

/// Who is at the other end.
public enum PeerAddress: Hashable, Sendable, CustomStringConvertible {
  /// `address` without port, as text; IPv6 without brackets.
  case network(address: String, port: UInt16)
  /// A Unix socket or a call within the process.
  case local

  public var description: String {
    switch self {
    case .network(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .local: "local"
    }
  }
}
