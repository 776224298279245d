import BlockingWork
import RegistryCore
import Telemetry

/// What claims of other members leave to do here: the bytes of manifests that came to be present are fetched, the shelf
/// entries of those that went are taken away.
///
/// What is to be done is asked of the catalogue and remembered nowhere else, so that it goes on where an earlier life of
/// the node stopped. One pass at a time; a pass looks at what is new, and now and then at everything.
public final class ClaimFollowUp: Sendable {
  /// Manifests that are fetched at once.
  static let lanes = 4
  private static let pageManifests = 64
  /// Failures that are remembered; all others are come back to with everything.
  private static let failureLimit = 4096
  /// So far back a pass looks besides: positions of manifests that went may have been used again.
  private static let overlap: Int64 = 256
  private static let everythingInterval = Duration.seconds(600)

  private struct State {
    var task: Task<Void, Never>?
    var alarm: Task<Void, Never>?
  }

  private let ports: RegistryPorts
  private let far: FarContent
  private let fleet: any FleetBytes
  private let manifests: ManifestDesk
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  private let state = Lock(State())

  init(_ ports: RegistryPorts, _ far: FarContent, _ fleet: any FleetBytes, _ manifests: ManifestDesk) {
    (self.ports, self.far, self.fleet, self.manifests) = (ports, far, fleet, manifests)
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Begins with what earlier lives left.
  public func start() {
    state.withLock { state in
      guard state.task == nil else { return }
      // Unstructured: it lives as long as the node serves; `stop` ends it.
      state.task = Task { await self.work() }
    }
    notice()
  }

  /// Names may stand for something else by what others said. Any thread; does not block.
  public func notice() { wake.yield() }

  /// Safe twice.
  public func stop() async {
    wake.finish()
    let (task, alarm) = state.withLock { ($0.task, $0.alarm) }
    alarm?.cancel()
    task?.cancel()
    await task?.value
  }

  // MARK: - Passes

  /// What the task alone knows.
  private struct Progress {
    var walkedTo: Int64 = 0
    var everythingAt = ContinuousClock.now
    var retries = RetryTable<UnreadManifest>(limit: ClaimFollowUp.failureLimit)
  }

  private func work() async {
    var progress = Progress()
    for await _ in wakes {
      do throws(RegistryError) {
        try await manifests.settleDebts()
        try await walk(&progress)
        let due = progress.retries.due(at: .now, limit: Self.failureLimit)
        await read(due, &progress)
      } catch {
        if Task.isCancelled { return }
        ports.log.warning(
          "what other members said of manifests could not be followed; it is tried again",
          LogField("error", error.description))
      }
      if Task.isCancelled { return }
      wakeAgain(at: min(progress.everythingAt, progress.retries.nextDue ?? progress.everythingAt))
    }
  }

  /// Not sooner than in a second: a pass that fails as a whole is not tried without pause.
  private func wakeAgain(at time: ContinuousClock.Instant) {
    let time = max(time, .now + .seconds(1))
    state.withLock { state in
      state.alarm?.cancel()
      // Unstructured: a timer, of which there is one.
      state.alarm = Task {
        do { try await Task.sleep(until: time, tolerance: .milliseconds(100)) } catch { return }
        self.notice()
      }
    }
  }

  private func walk(_ progress: inout Progress) async throws(RegistryError) {
    if progress.everythingAt <= .now {
      (progress.walkedTo, progress.everythingAt) = (0, .now + Self.everythingInterval)
    }
    var position = max(0, progress.walkedTo - Self.overlap)
    while !Task.isCancelled {
      let page = try await ports.unread.unread(after: position, limit: Self.pageManifests)
      guard let last = page.last else { return }
      let retries = progress.retries
      await read(page.filter { fleet.keepsManifest($0.digest) && !retries.isWaiting($0, at: .now) }, &progress)
      position = last.position
      progress.walkedTo = max(progress.walkedTo, position)
    }
  }

  // MARK: - Manifests

  private func read(_ manifests: [UnreadManifest], _ progress: inout Progress) async {
    var left = manifests[...]
    await withTaskGroup(of: (UnreadManifest, hasFailed: Bool).self) { group in
      for manifest in left.prefix(Self.lanes) { group.addTask { (manifest, await self.fails(manifest)) } }
      left = left.dropFirst(Self.lanes)
      while let (manifest, hasFailed) = await group.next() {
        if hasFailed { progress.retries.failed(manifest, at: .now) } else { progress.retries.succeeded(manifest) }
        guard !Task.isCancelled, let next = left.popFirst() else { continue }
        group.addTask { (next, await self.fails(next)) }
      }
    }
  }

  private func fails(_ manifest: UnreadManifest) async -> Bool {
    do throws(RegistryError) {
      _ = try await far.read(manifest)
      return false
    } catch {
      // It went while it was fetched: that is no failure.
      if error.code == .manifestUnknown { return false }
      ports.log.debug(
        "a manifest that others claim is not to be had just now", LogField("digest", manifest.digest.description),
        LogField("error", error.description))
      return true
    }
  }
}
