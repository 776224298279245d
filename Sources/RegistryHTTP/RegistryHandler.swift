import BlockingWork
import RegistryCore
import RegistryService
import Synchronization
import Telemetry
import Wire

/// Turns requests into verbs and their outcomes into answers.
public final class RegistryHandler: Handler {
  public struct Options: Sendable {
    /// Announced as `OCI-Chunk-Min-Length`; 0 announces nothing.
    public var chunkMinimumBytes = 0
    public var logsAccess = true
    public var servesMetrics = true

    public init() {}
  }

  private let manifests: ManifestRoutes
  private let blobs: BlobRoutes
  private let uploads: UploadRoutes
  private let lists: ListRoutes
  private let tracker: TrackerRoutes
  private let operators: OperatorRoutes
  private let metrics: HTTPMetrics
  private let exposition: MetricsRegistry
  private let work: BlockingPool
  private let log: Logger
  private let options: Options
  private let isStopping = Atomic<Bool>(false)

  /// - Parameters:
  ///   - torrents: `nil`: none are given out.
  ///   - fleet: `nil`: this node is in none and joins none.
  ///   - work: the threads on which a scrape reads /proc.
  public init(
    _ registry: Registry, torrents: TorrentServices? = nil, fleet: (any FleetOperations)? = nil,
    node: NodeDocument, metrics: MetricsRegistry, work: BlockingPool, log: Logger, options: Options = Options()
  ) {
    let torrentRoutes = TorrentRoutes(torrents)
    tracker = TrackerRoutes(torrents: torrents)
    manifests = ManifestRoutes(registry: registry, torrents: torrentRoutes)
    let localBytes = Counter()
    BlobSource.local.register(in: metrics) { Double(localBytes.value) }
    blobs = BlobRoutes(registry: registry, torrents: torrentRoutes, localBytes: localBytes)
    uploads = UploadRoutes(registry: registry, chunkMinimumBytes: options.chunkMinimumBytes)
    lists = ListRoutes(registry: registry)
    operators = OperatorRoutes(
      registry: registry, node: node,
      torrents: TorrentOperations(
        registry: registry, node: node, torrents: torrents, files: torrentRoutes, fleet: fleet),
      fleet: FleetRoutes(fleet: fleet))
    self.metrics = HTTPMetrics(metrics)
    exposition = metrics
    self.work = work
    self.log = log
    self.options = options
  }

  /// From now on `/readyz` answers 503, so that load balancers look elsewhere while the node finishes.
  public func beginStopping() { isStopping.store(true, ordering: .relaxed) }

  // MARK: - Handler

  public func respond(to request: Request, body: any RequestBody) async -> Response {
    var response: Response
    do throws(RegistryError) {
      response = try await answer(request, body, try Route(request.method, path: request.path))
    } catch {
      if error.code == .internal || error.code == .storageFull { report(error, request) }
      response = Response(error)
    }
    response.fields.append("Docker-Distribution-API-Version", "registry/2.0")
    response.fields.append("X-Request-Id", request.id.description)
    return response
  }

  public func finished(_ request: Request, _ exchange: Exchange) async {
    metrics.count(request, exchange)
    guard options.logsAccess, log.logs(.info) else { return }
    log.log(.info, "request", Self.accessFields(request, exchange))
  }

  // MARK: - Dispatch

  private func answer(_ request: Request, _ body: any RequestBody, _ route: Route)
    async throws(RegistryError) -> Response
  {
    switch route {
    case .manifest(let repository, let reference):
      try await manifests.respond(to: request, body, repository, reference)
    case .blob(let repository, let digest): try await blobs.respond(to: request, repository, digest)
    case .uploads(let repository): try await uploads.start(request, body, repository)
    case .upload(let key): try await uploads.respond(to: request, body, key)
    case .tags(let repository): try await lists.tags(request, repository)
    case .referrers(let repository, let digest): try await lists.referrers(request, repository, digest)
    case .catalog: try await lists.catalog(request)
    case .version: request.isRead ? Self.text("{}", "application/json") : .methodNotAllowed("GET, HEAD")
    case .health: Self.text("ok\n")
    case .readiness: readiness()
    case .metrics: await scrape(request)
    case .announce: try await tracker.announce(request)
    case .operatorAPI(let path): try await operate(request, body, path)
    case .unknown: throw RegistryError(.nameUnknown, "nothing is here; the registry's API starts at /v2/")
    }
  }

  private func readiness() -> Response {
    guard isStopping.load(ordering: .relaxed) else { return Self.text("ready\n") }
    return Response(RegistryError(.unavailable, "the node is stopping"))
  }

  private func scrape(_ request: Request) async -> Response {
    guard options.servesMetrics else { return Response(RegistryError(.nameUnknown, "metrics are switched off here")) }
    let text = await work.run { [exposition] in exposition.exposition() }
    return Response(
      status: 200, fields: Fields([("Content-Type", MetricsRegistry.contentType)]), body: .bytes(text))
  }

  /// The operator API is for whoever may open the node's own socket; to the network it does not exist.
  private func operate(_ request: Request, _ body: any RequestBody, _ path: String)
    async throws(RegistryError) -> Response
  {
    guard request.peer == .local else { throw RegistryError(.nameUnknown, "nothing is here") }
    return try await operators.respond(to: request, body, path)
  }

  private static func text(_ text: String, _ mediaType: String = "text/plain; charset=utf-8") -> Response {
    Response(status: 200, fields: Fields([("Content-Type", mediaType)]), body: .bytes(Array(text.utf8)))
  }

  // MARK: - Log

  private func report(_ error: RegistryError, _ request: Request) {
    log.error(
      "request failed", LogField("request.id", request.id.description), LogField("path", request.path),
      LogField("error", error.description))
  }

  private static func accessFields(_ request: Request, _ exchange: Exchange) -> [LogField] {
    [
      LogField("method", request.method.token), LogField("path", request.path), LogField("status", exchange.status),
      LogField("sent.bytes", exchange.bytesSent), LogField("received.bytes", exchange.bytesReceived),
      LogField("took.ms", Double(exchange.nanoseconds / 1000) / 1000), LogField("client", request.peer.description),
      LogField("agent", request.fields["User-Agent"] ?? ""), LogField("request.id", request.id.description),
      LogField("cut", exchange.isCut),
    ]
  }
}
