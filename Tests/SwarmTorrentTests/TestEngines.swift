import BlockingWork
import RegistryCore
import Telemetry

@testable import SwarmTorrent

/// Engines on loopback, each on an address of its own, that are closed when the test is over.
final class TestEngines: Sendable {
  private let work: BlockingPool
  private let opened = Lock<[LibtorrentEngine]>([])

  /// Sessions have threads and sockets; with all tests at once, deadlines would be about the scheduler.
  private static let turns = TestTurns(4)

  static func with<Success>(_ body: (TestEngines) async throws -> Success) async throws -> Success {
    await turns.take()
    defer { turns.give() }
    let engines = TestEngines()
    do {
      let result = try await body(engines)
      await engines.close()
      return result
    } catch {
      await engines.close()
      throw error
    }
  }

  private init() { work = BlockingPool(name: "test-swarm", threads: 4) }

  /// A fleet engine on `127.0.0.<host>`, which admits the whole of 127.0.0.1...4.
  func fleet(_ host: Int = 1, _ change: (inout SwarmOptions) -> Void = { _ in }) async throws -> LibtorrentEngine {
    var options = SwarmOptions(role: .fleet, listen: ["127.0.0.\(host):0"])
    change(&options)
    let engine = try await open(options)
    for admitted in 1...4 { try engine.admit("127.0.0.\(admitted)") }
    return engine
  }

  /// A public engine without the DHT.
  func open(_ options: SwarmOptions) async throws -> LibtorrentEngine {
    let engine = try await LibtorrentEngine.open(options, work: work, log: .silent)
    opened.withLock { $0.append(engine) }
    return engine
  }

  func open(public host: Int) async throws -> LibtorrentEngine {
    var options = SwarmOptions(role: .public, listen: ["127.0.0.\(host):0"])
    options.dht = false
    return try await open(options)
  }

  private func close() async {
    for engine in opened.withLock({ $0 }) { await engine.close() }
    work.stop()
  }
}

extension LibtorrentEngine {
  var peer: PeerEndpoint {
    get throws {
      guard let endpoint else { throw TestFailure("the engine does not listen") }
      return endpoint
    }
  }

  /// Fetches a blob whole from the other engine.
  func fetch(
    _ torrent: SwarmTorrent, into target: TestTarget, from seed: LibtorrentEngine
  ) async throws -> TestEvents {
    let events = TestEvents()
    try await fetch(torrent, into: target.file, from: [try seed.peer], observer: events.observer)
    try await events.whole()
    return events
  }
}
