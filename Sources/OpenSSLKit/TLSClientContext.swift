/// What a TLS client shows and believes. Any thread.
///
/// Host names mean nothing to it: a peer is known by its key. Sessions are never resumed.
public final class TLSClientContext: Sendable {
  private let credentials: TLSCredentials?
  private let trust: TLSTrust
  private let loaded: LoadedContext

  /// Reads files where it is given such, so it may block.
  /// - Parameters:
  ///   - credentials: what to show when the server asks; `nil`: nothing.
  ///   - protocols: offered by ALPN, the dearest first.
  public init(_ credentials: TLSCredentials?, trust: TLSTrust, protocols: [String] = ["http/1.1"])
    throws(TLSFailure)
  {
    (self.credentials, self.trust) = (credentials, trust)
    let rules = TLSRules(trust: trust, expected: nil, protocols: protocols)
    loaded = try LoadedContext(.client, credentials, rules, .tls13)
  }

  /// The client's side of a session over a socket that is connected, which stays the caller's.
  /// - Parameter identity: the `CertificateKey.identity` of the one peer that will do; another one learns nothing, not
  ///   even who asks. `nil`: anyone whom `trust` believes.
  public func makeSession(socket: Int32, expecting identity: [UInt8]? = nil) throws(TLSFailure) -> TLSSession {
    let session = try TLSSession(loaded, .client, socket: socket)
    if let identity { try session.expect(identity) }
    return session
  }

  /// Makes a context of another library (`SSL_CTX *`) show and believe the same: TLS 1.3, these credentials, this trust,
  /// and one peer if one is named. To be called before it makes sessions; it keeps what it needs by itself.
  public func configure(_ context: OpaquePointer, expecting identity: [UInt8]? = nil) throws(TLSFailure) {
    let rules = TLSRules(trust: trust, expected: identity, protocols: [])
    try LoadedContext.arm(context, credentials, rules, .tls13)
  }
}
