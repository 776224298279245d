import RegistryCore
import RegistryService
import Telemetry

/// What keeps the swarms and fetches of a node going: opened with it, looked at each second or more often, and closed by
/// `Registry.close`.
final class SwarmPulse: Sendable {
  private let task: Task<Void, Never>

  private static let interval = Duration.seconds(1)
  /// While blobs come through swarms of the fleet: that one stalls is seen within a second and little more.
  private static let swarmInterval = Duration.milliseconds(250)
  private static let beatsPerLook = 5
  /// Torrents that nobody wants rest; that is looked for in every so many beats.
  private static let beatsPerSweep = 10

  /// A node that cannot speak BitTorrent is a registry all the same: what is wrong is told, and it goes on without.
  init(_ registry: Registry, _ meter: SwarmMeter, log: Logger) {
    // Unstructured: it lives as long as the node and is cancelled by `stop`.
    task = Task {
      guard let fetches = registry.fetches else { return }
      guard let swarm = registry.swarm else {
        await Self.resume(fetches, log)
        return await Self.tick(fetches)
      }
      await Self.open(swarm, fetches, log)
      // Beside each other: what was started may have to be hashed before it is live, and fetches end in time all the same.
      async let retried: Void = Self.beat { _ in await swarm.retryPublic() }
      async let ticked: Void = Self.tick(fetches)
      await Self.beat { beat in
        if beat.isMultiple(of: Self.beatsPerLook) { await meter.look(at: swarm) }
        if beat.isMultiple(of: Self.beatsPerSweep) { await swarm.sweep() }
      }
      _ = await (retried, ticked)
    }
  }

  private static func tick(_ fetches: FetchDesk) async {
    while !Task.isCancelled {
      await fetches.tick()
      // A cancelled sleep ends the loop by its condition.
      try? await Task.sleep(for: fetches.areSwarmsAtWork ? swarmInterval : interval)
    }
  }

  private static func beat(_ work: (Int) async -> Void) async {
    var beat = 0
    while !Task.isCancelled {
      await work(beat)
      beat += 1
      // A cancelled sleep ends the loop by its condition.
      try? await Task.sleep(for: interval)
    }
  }

  func stop() {
    let task = task
    task.cancel()
    waitFor { await task.value }
  }

  private static func open(_ swarm: SwarmDesk, _ fetches: FetchDesk, _ log: Logger) async {
    do {
      try await swarm.open()
    } catch {
      log.error("BitTorrent clients cannot reach this node; it is tried again", LogField("error", error.message))
    }
    await resume(fetches, log)
  }

  private static func resume(_ fetches: FetchDesk, _ log: Logger) async {
    do {
      try await fetches.resume()
    } catch {
      log.error("fetches of the last run are not gone on with", LogField("error", error.message))
    }
  }
}
