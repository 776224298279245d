import BlockingWork

/// What a TLS server shows and accepts: certificate, key, versions, ciphers, and whose clients it believes. Any thread.
///
/// Sessions that run keep what they started with, and none is resumed: each handshake shows and checks certificates anew,
/// so nobody's trust outlives its removal or its certificate.
public final class TLSContext: Sendable {
  private struct State {
    var credentials: TLSCredentials
    var clients: TLSTrust?
    var loaded: LoadedContext
  }

  private let state: Lock<State>
  private let minimumVersion: TLSVersion
  private let protocols: [String]

  /// Reads files where it is given such, so it may block.
  /// - Parameters:
  ///   - clients: whose certificates of clients are believed. They are asked for then, and not insisted on: who shows
  ///     none is served as nobody. `nil`: they are not asked for.
  ///   - protocols: by ALPN, the first that the client offers too is taken; with none in common it is just TLS.
  public init(
    _ credentials: TLSCredentials, clients: TLSTrust? = nil, minimumVersion: TLSVersion = .tls12,
    protocols: [String] = ["http/1.1"]
  ) throws(TLSFailure) {
    (self.minimumVersion, self.protocols) = (minimumVersion, protocols)
    let loaded = try Self.load(credentials, clients, minimumVersion, protocols)
    state = Lock(State(credentials: credentials, clients: clients, loaded: loaded))
  }

  public convenience init(certificatePath: String, keyPath: String, minimumVersion: TLSVersion = .tls12)
    throws(TLSFailure)
  {
    try self.init(.files(certificatePath: certificatePath, keyPath: keyPath), minimumVersion: minimumVersion)
  }

  /// Reads the files again, for connections to come. When they are not good the old ones stay. May block.
  public func reload() throws(TLSFailure) {
    let (credentials, clients) = state.withLock { ($0.credentials, $0.clients) }
    try replace(credentials, clients: clients)
  }

  /// Takes others in their place, for connections to come. When they are not good the old ones stay. May block.
  public func replace(_ credentials: TLSCredentials, clients: TLSTrust?) throws(TLSFailure) {
    let loaded = try Self.load(credentials, clients, minimumVersion, protocols)
    state.withLock { $0 = State(credentials: credentials, clients: clients, loaded: loaded) }
  }

  /// The server's side of a session over a non-blocking socket, which stays the caller's.
  public func makeSession(socket: Int32) throws(TLSFailure) -> TLSSession {
    try TLSSession(state.withLock(\.loaded), .server, socket: socket)
  }

  private static func load(
    _ credentials: TLSCredentials, _ clients: TLSTrust?, _ minimumVersion: TLSVersion, _ protocols: [String]
  ) throws(TLSFailure) -> LoadedContext {
    let rules = TLSRules(trust: clients, expected: nil, protocols: protocols)
    return try LoadedContext(.server, credentials, rules, minimumVersion)
  }
}
