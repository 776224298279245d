/// Whom a request speaks to (RFC 9110 §4.3.1). Connections are kept and counted by it.
public struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
  public enum Scheme: String, Sendable {
    case http
    case https

    public var defaultPort: UInt16 { self == .http ? 80 : 443 }
  }

  public let scheme: Scheme
  /// A name, or an address as text; IPv6 without brackets. In lower case.
  public let host: String
  public let port: UInt16

  public init(_ scheme: Scheme, host: String, port: UInt16? = nil) {
    self.scheme = scheme
    self.host = host.lowercased()
    self.port = port ?? scheme.defaultPort
  }

  /// The host in brackets where it needs them.
  var hostInURL: String { host.contains(":") ? "[\(host)]" : host }

  public var description: String { "\(hostInURL):\(port)" }
}
