import BlockingWork

/// What swarms and fetches need from time to time, for as long as the node serves.
final class SwarmPulse: Sendable {
  private let swarm: SwarmDesk
  private let fetches: FetchDesk
  private let task = Lock<Task<Void, Never>?>(nil)

  /// How late the end of a fetch that stalled may be.
  private static let interval = Duration.seconds(1)
  /// So many beats between two looks for torrents that may rest.
  private static let beatsPerSweep = 60

  init(_ swarm: SwarmDesk, _ fetches: FetchDesk) { (self.swarm, self.fetches) = (swarm, fetches) }

  func start() {
    // Unstructured: it lives as long as the node and is ended by `stop`.
    let task = Task { await self.beat() }
    self.task.withLock { $0 = task }
  }

  func stop() async {
    let task = task.withLock { $0.take() }
    task?.cancel()
    await task?.value
  }

  private func beat() async {
    var beats = 0
    while !Task.isCancelled {
      // A cancelled sleep ends the loop by its condition.
      try? await Task.sleep(for: Self.interval)
      await fetches.tick()
      beats += 1
      if beats.isMultiple(of: Self.beatsPerSweep) { await swarm.sweep() }
    }
  }
}
