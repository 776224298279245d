import BlockingWork
import Configuration
import Glibc
import OpenSSLKit
import RegistryCore
import RegistryHTTP
import RegistryService
import Telemetry
import Wire

/// `shoal serve`: from checked settings to a node that answers, and back.
struct Serve {
  private let settings: Settings
  private let log: Logger
  private let sink: DescriptorSink

  init(settings: Settings, environment: [String: String]) {
    self.settings = settings
    let colors = TerminalOutput.takesColors(STDERR_FILENO, environment)
    sink = DescriptorSink(descriptor: STDERR_FILENO, format: LineFormat(settings.log.format, colors: colors))
    log = Logger(level: LogLevel(settings.log.level), sink: sink)
  }

  /// Serves until a signal ends it; returns the exit code.
  func run() -> ExitCode {
    raiseDescriptorLimit()
    do {
      let tls = try settings.http.tls.context()
      try NameChecks(settings: settings, log: log).run()
      let node = try Node.open(settings, log, patience: Node.folderPatience, speaksBitTorrent: true)
      let listening: Listening
      var fleet: FleetListener?
      do {
        fleet = try openFleet(node)
        listening = try listen(node, tls)
      } catch {
        stop(fleet, node)
        waitFor { await node.close() }
        throw error
      }
      announce(listening.server)
      let housekeeping = Housekeeping(node, log: log)
      node.registry.backfill.start()
      node.registry.followUp?.start()
      let pulse = SwarmPulse(node.registry, listening.meter, log: log)
      obeySignals(listening, node.registry.fetches)
      pulse.stop()
      housekeeping.stop()
      listening.magnets.stop()
      stop(fleet, node)
      waitFor { await node.close() }
      log.info("stopped")
      sink.stop()
      return .success
    } catch {
      return refuse(error)
    }
  }

  private func refuse(_ error: any Error) -> ExitCode {
    let text = (error as? RegistryError)?.message ?? "\(error)"
    log.error("the node cannot start", LogField("reason", text), LogField("error", "\(error)"))
    sink.stop()
    if error is TLSFailure { return .configuration }
    return (error as? RegistryError)?.code == .unavailable ? .unreachable : .failure
  }

  // MARK: - The fleet

  /// `nil`: the node is alone, and nobody can let it in.
  private func openFleet(_ node: Node) throws -> FleetListener? {
    guard !settings.fleet.listen.isEmpty else {
      guard try node.fleet.files.load() == nil else {
        throw RegistryError(
          .unsupported, "this node belongs to a fleet: start it with fleet.listen (--fleet-listen HOST:PORT)")
      }
      return nil
    }
    let listener = try FleetListener(settings, node.fleet, node.registry, log: log)
    do {
      try waitFor { () async throws(RegistryError) in try await node.fleet.open(listener.port) }
    } catch {
      stop(listener, node)
      throw error
    }
    return listener
  }

  /// Members' questions end here, before what answers them does.
  private func stop(_ listener: FleetListener?, _ node: Node) {
    guard let listener else { return }
    waitFor {
      await node.fleet.close()
      await listener.server.stop(within: Self.fleetGrace)
    }
  }

  /// Members ask another one soon enough.
  private static let fleetGrace = Duration.seconds(1)

  // MARK: - Listening

  private struct Listening {
    let server: HTTPServer
    let handler: RegistryHandler
    let tls: TLSContext?
    let magnets: MagnetChild
    let meter: SwarmMeter
  }

  private func listen(_ node: Node, _ tls: TLSContext?) throws -> Listening {
    let metrics = MetricsRegistry()
    metrics.registerProcess()
    let magnets = MagnetChild(dhtNodes: settings.torrent.usesDHT ? settings.torrent.dhtNodes : nil)
    let meter = SwarmMeter()
    let port = Lock<UInt16?>(nil)
    let handler = handler(node, magnets, meter, port: { port.withLock { $0 } }, metrics)
    let places = settings.http.listen.flatMap { listener in
      listener.addresses.map { HTTPServer.Place.tcp(host: $0, port: listener.port, tls: tls) }
    }
    let server = try HTTPServer(
      configuration: .init(
        listeners: places + [.unix(path: node.folder.layout.controlSocket)], loops: loopCount,
        limits: WireLimits(settings)), handler: handler)
    port.withLock { $0 = server.addresses.lazy.compactMap(\.port).first }
    register(server, in: metrics)
    return Listening(server: server, handler: handler, tls: tls, magnets: magnets, meter: meter)
  }

  /// The routes and the numbers of a node that serves.
  private func handler(
    _ node: Node, _ magnets: MagnetChild, _ meter: SwarmMeter, port: @escaping @Sendable () -> UInt16?,
    _ metrics: MetricsRegistry
  ) -> RegistryHandler {
    var options = RegistryHandler.Options()
    options.chunkMinimumBytes = settings.uploads.chunkMinimumBytes
    options.logsAccess = settings.log.access
    options.servesMetrics = settings.metrics.isEnabled
    var torrents = TorrentServices(node, settings)
    torrents.serve(node, settings, magnets, port: port, log)
    TorrentMetrics.register(node.registry, torrents.tracker, meter, in: metrics)
    FleetMetrics.register(node.fleet, in: metrics)
    let uploads = node.registry.uploads
    metrics.gauge("shoal_uploads_open", "Uploads that the node remembers.") { Double(uploads.count) }
    let identity = NodeDocument(
      version: shoalVersion, pid: getpid(), data: settings.data, names: settings.names)
    return RegistryHandler(
      node.registry, torrents: torrents, fleet: node.fleet, node: identity, metrics: metrics, work: node.work, log: log,
      options: options)
  }

  /// What never becomes a request is seen here alone.
  private func register(_ server: HTTPServer, in metrics: MetricsRegistry) {
    metrics.gauge("shoal_http_connections", "Open connections.") { Double(server.statistics.openConnections) }
    metrics.counter("shoal_http_connections_total", "Connections accepted.") {
      Double(server.statistics.acceptedConnections)
    }
    let refusals: [(String, @Sendable (ServerStatistics) -> Int)] = [
      ("connections", { $0.overTotal }), ("connections_per_address", { $0.overAddress }),
      ("descriptors", { $0.outOfDescriptors }), ("malformed_head", { $0.refusedHeads }),
      ("late_head", { $0.lateHeads }), ("handshake", { $0.failedHandshakes }), ("slow_body", { $0.tooSlow }),
    ]
    for (reason, count) in refusals {
      metrics.counter(
        "shoal_http_refused_total", "Connections and requests turned away or cut off.", labels: ["reason": reason]
      ) { Double(count(server.statistics)) }
    }
  }

  private var loopCount: Int {
    settings.http.loops > 0 ? settings.http.loops : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  private func announce(_ server: HTTPServer) {
    for address in server.addresses where address != .local {
      log.info(
        "serving", LogField("address", address.description), LogField("version", shoalVersion),
        LogField("data", settings.data), LogField("pid", getpid()))
    }
    guard isatty(STDOUT_FILENO) == 1, let port = server.addresses.lazy.compactMap(\.port).first else { return }
    print(
      """

      Shoal is ready. In another terminal:
        docker pull busybox && docker tag busybox localhost:\(port)/hello/busybox
        docker push localhost:\(port)/hello/busybox
        docker pull localhost:\(port)/hello/busybox
        shoal image ls --data \(settings.data)
      Ctrl-C stops it.

      """)
  }

  // MARK: - Signals

  private func obeySignals(_ listening: Listening, _ fetches: FetchDesk?) {
    while true {
      let signal = Signals.wait()
      guard signal == SIGHUP else {
        stop(listening, fetches, signal)
        return
      }
      reload(listening)
    }
  }

  private func reload(_ listening: Listening) {
    guard let tls = listening.tls else {
      log.info("nothing to reload: no certificate is configured")
      return
    }
    do {
      try tls.reload()
      log.info("certificate reloaded")
    } catch {
      log.error("the old certificate stays: the new one cannot be used", LogField("error", "\(error)"))
    }
  }

  /// Finishes what runs; a second signal cuts it.
  private func stop(_ listening: Listening, _ fetches: FetchDesk?, _ signal: Int32) {
    log.info("stopping", LogField("signal", signal))
    listening.handler.beginStopping()
    let server = listening.server
    let impatience = startThread(named: "impatience") {
      while Signals.wait() == SIGHUP {}
      server.stopNow()
    }
    pthread_detach(impatience)
    let grace = settings.timeouts.shutdown
    waitFor {
      // Whoever waits for bytes that other machines may never send is not waited for.
      async let paused: Void? = fetches?.close()
      await server.stop(within: grace)
      _ = await paused
    }
  }

  /// One connection is one descriptor: take as many as the system lets us have.
  private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
      log.warning("the limit of open files stays as it is", LogField("error", String(cString: strerror(errno))))
    }
  }
}

extension LineFormat {
  fileprivate init(_ format: Settings.Log.Format, colors: Bool) {
    switch format {
    case .auto: self = .fitting(descriptor: STDERR_FILENO, colors: colors)
    case .logfmt: self = .logfmt(colors: colors)
    case .json: self = .json
    }
  }
}

extension LogLevel {
  fileprivate init(_ level: Settings.Log.Level) {
    switch level {
    case .debug: self = .debug
    case .info: self = .info
    case .warning: self = .warning
    case .error: self = .error
    }
  }
}

extension WireLimits {
  init(_ settings: Settings) {
    self.init()
    connections = settings.limits.connections
    connectionsPerAddress = settings.limits.connectionsPerAddress
    headBytes = settings.limits.headBytes
    headDeadline = settings.timeouts.head
    handshakeDeadline = settings.timeouts.handshake
    idleDeadline = settings.timeouts.idle
    minimumBytesPerSecond = settings.limits.bodyRateMinimumBytes
  }
}

extension Settings.TLS {
  fileprivate func context() throws -> TLSContext? {
    guard let files else { return nil }
    return try TLSContext(
      certificatePath: files.certificate, keyPath: files.key, minimumVersion: minimum == .tls13 ? .tls13 : .tls12)
  }
}

extension PeerAddress {
  fileprivate var port: UInt16? {
    guard case .network(_, let port) = self else { return nil }
    return port
  }
}
