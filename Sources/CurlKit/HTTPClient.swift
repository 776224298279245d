import BlockingWork
import Glibc

/// An HTTP client: libcurl on one thread of its own. Any thread may call.
///
/// Bodies stream both ways with back-pressure; the cancellation of a task ends its transfer at once. Connections are pooled by
/// origin, and whoever is last to let go of the client closes them.
public final class HTTPClient: Sendable {
  private let engine: Engine
  private let ending = Ending()

  /// Starts the thread. Ignores SIGPIPE for the whole process.
  /// - Parameter credentials: the operating system's roots when `nil`; then it may block.
  public init(
    _ configuration: HTTPClientConfiguration = HTTPClientConfiguration(), credentials: TLSCredentials? = nil
  ) throws {
    signal(SIGPIPE, SIG_IGN)
    if let proxy = configuration.proxy, proxy.origin.scheme != .http {
      throw HTTPClientError.malformedRequest(reason: "a proxy is spoken to by http")
    }
    let credentials = try credentials ?? TLSCredentials.system()
    guard let engine = Engine(configuration, credentials) else { throw HTTPClientError.closed }
    self.engine = engine
    engine.start { [ending] in ending.come() }
  }

  deinit { _ = engine.inbox.put(.close) }

  /// Sends the request, and returns when the head of the answer is here.
  public nonisolated(nonsending) func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
    let exchange = try begin(request, .pieces)
    let body = HTTPBody(exchange, self)
    return HTTPResponse(head: try await exchange.head(), body: body)
  }

  /// Sends the request, and returns when the whole answer is here: the cheapest way for small ones.
  public nonisolated(nonsending) func fetch(_ request: HTTPRequest, atMost bodyBytes: Int)
    async throws(HTTPClientError) -> HTTPAnswer
  {
    try await begin(request, .whole(limitBytes: bodyBytes)).answer()
  }

  /// For connections to come; those that stand keep what they began with. See `dropConnections`.
  public func use(_ credentials: TLSCredentials) { _ = engine.inbox.put(.use(credentials)) }

  /// Shuts every connection to the origin, used or resting, at once: what runs over them fails.
  public func dropConnections(to origin: HTTPOrigin) { _ = engine.inbox.put(.drop(origin)) }

  /// Ends every transfer and connection, and returns when the thread has let go of them.
  public func close() async {
    _ = engine.inbox.put(.close)
    await ending.wait()
  }

  public var statistics: HTTPClientStatistics {
    HTTPClientStatistics(
      openConnections: engine.counters.open.load(ordering: .relaxed),
      openedConnections: engine.counters.opened.load(ordering: .relaxed))
  }

  private func begin(_ request: HTTPRequest, _ reading: Exchange.Reading) throws(HTTPClientError) -> Exchange {
    try request.check()
    let inbox = engine.inbox
    let exchange = Exchange(request.url.origin, reading, inbox)
    let transfer = Transfer(request, exchange)
    guard inbox.put(.start(transfer)) else { throw .closed }
    if let upload = transfer.upload {
      // Unstructured: an upload may go on behind the call that returns the answer's head. Ends with the exchange.
      exchange.attach(Task { await upload.pump { _ = inbox.put(.resumeSending(exchange)) } })
    }
    return exchange
  }
}

extension HTTPRequest {
  /// What the types let through and a server must not see.
  fileprivate func check() throws(HTTPClientError) {
    guard !method.token.isEmpty, method.token.utf8.allSatisfy(HTTPHeaders.isToken) else {
      throw .malformedRequest(reason: "the method is no token")
    }
    if let name = headers.refusedName { throw .malformedRequest(reason: "the field \(name) cannot be sent") }
    for name in ["Content-Length", "Transfer-Encoding", "Connection", "Host", "Expect", "Upgrade", "Trailer", "TE"]
    where headers.has(name) {
      throw .malformedRequest(reason: "the field \(name) is the client's own")
    }
  }
}

/// Waits for the end of a client's thread. Any thread.
private final class Ending: Sendable {
  private struct State {
    var hasCome = false
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }

  private let state = Lock(State())

  func come() {
    let waiting = state.withLock { state in
      state.hasCome = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withUnsafeContinuation { continuation in
      let hasCome = state.withLock { state in
        if !state.hasCome { state.waiting.append(continuation) }
        return state.hasCome
      }
      if hasCome { continuation.resume() }
    }
  }
}
