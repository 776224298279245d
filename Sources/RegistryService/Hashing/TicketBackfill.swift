import BlockingWork
import RegistryCore
import Telemetry

/// Hashes in the background what came in without the facts that torrents need: blobs from before there were torrents,
/// and, for version 1, whatever is in a public repository. A round walks the catalogue for what has none, so that it goes
/// on where the last life of the node stopped with no other record. It is slow on purpose (`BackgroundPace`).
///
/// Rounds begin at `start` and when something arrives in a public repository.
public final class TicketBackfill: Sendable {
  private static let pageBlobs = 64
  private static let surveyPageBlobs = 1000
  /// Small blobs are hashed together, so that they share the catalogue's syncs.
  private static let togetherBlobs = 16
  private static let smallBlobBytes: Int64 = 1 << 20
  /// After a failure of the node itself, such as a full disk.
  private static let retryPause = Duration.seconds(60)

  private struct State {
    var progress = BackfillProgress()
    var wanted = BackfillRound()
    /// Works rounds off; `nil` while nothing is wanted.
    var task: Task<Void, Never>?
    var isRunning = false
  }

  private let ports: RegistryPorts
  private let desk: TicketDesk
  private let rules: RegistryRules
  private let pace: Lock<BackgroundPace>
  private let sleep: @Sendable (Duration) async -> Void
  private let state = Lock(State())

  /// - Parameter sleep: ends early when its task is cancelled.
  init(
    _ ports: RegistryPorts, _ desk: TicketDesk, limits: RegistryLimits, rules: RegistryRules,
    sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
  ) {
    self.ports = ports
    self.desk = desk
    self.rules = rules
    self.sleep = sleep
    pace = Lock(BackgroundPace(bytesPerSecond: limits.hashingBytesPerSecond))
  }

  public var progress: BackfillProgress { state.withLock { $0.progress } }

  /// Nothing is wanted and nothing under way.
  var isIdle: Bool { state.withLock { $0.task == nil } }

  /// Begins with what earlier lives left. Before it nothing is done.
  public func start() {
    guard rules.hashesTorrents else { return }
    state.withLock { $0.isRunning = true }
    want { $0.add(.everything) }
  }

  /// Something can be read in the repository that could not before.
  func notice(arrivalIn repository: RepositoryName) {
    guard rules.hashesTorrents, rules.publicPatterns.matches(repository) else { return }
    want { $0.add(repository) }
  }

  /// Stops at the next piece of what is being hashed, and closes the desk. What was hashed whole is kept; the next life
  /// goes on with the rest.
  public func stop() async {
    let task = state.withLock { state in
      state.isRunning = false
      return state.task
    }
    task?.cancel()
    await desk.close()
    await task?.value
  }

  // MARK: - Rounds

  private func want(_ change: (inout BackfillRound) -> Void) {
    state.withLock { state in
      guard state.isRunning else { return }
      change(&state.wanted)
      // Unstructured: rounds outlive the push that asks for them. `stop` ends it.
      if state.task == nil { state.task = Task { await self.workOff() } }
    }
  }

  private func workOff() async {
    var isFirst = true
    while let round = next() {
      do throws(RegistryError) {
        try await run(round, level: isFirst && round.walksTickets ? .info : .debug)
      } catch {
        guard state.withLock({ $0.isRunning }) else { continue }
        ports.log.warning(
          "hashing for torrents was interrupted; it goes on in a minute", LogField("error", "\(error)"))
        want { $0.add(round) }
        await sleep(Self.retryPause)
      }
      isFirst = false
    }
  }

  /// The round that is wanted; with `nil` the task ends.
  private func next() -> BackfillRound? {
    state.withLock { state in
      state.progress.activity = .resting
      guard state.isRunning, !state.wanted.isEmpty else {
        state.task = nil
        return nil
      }
      defer { state.wanted = BackfillRound() }
      state.progress = BackfillProgress()
      state.progress.activity = .surveying
      return state.wanted
    }
  }

  private func run(_ round: BackfillRound, level: LogLevel) async throws(RegistryError) {
    let walks = try await survey(round)
    let expected = progress
    guard expected.leftBlobs > 0 else { return }
    let began = ContinuousClock.now
    ports.log.log(
      level, "hashing for torrents what came in without",
      [LogField("count", expected.leftBlobs), LogField("size.bytes", expected.leftBytes)])
    for walk in walks {
      note { $0.activity = .hashing(walk.version) }
      try await walk.follow(ports.tickets, pageBlobs: Self.pageBlobs) { page throws(RegistryError) in
        try await hash(page, for: walk.version)
      }
    }
    note { ($0.leftBlobs, $0.leftBytes) = (0, 0) }
    let done = progress
    ports.log.log(
      level, "hashed for torrents what came in without",
      [
        LogField("count", done.doneBlobs), LogField("size.bytes", done.doneBytes),
        LogField("rotten", done.rottenBlobs), LogField("skipped", done.skippedBlobs),
        LogField("took.ms", began.duration(to: .now) / .milliseconds(1)),
      ])
  }

  /// Counts what there is to do: the walks of the round that meet anything.
  private func survey(_ round: BackfillRound) async throws(RegistryError) -> [BackfillWalk] {
    var walks = round.walksTickets ? [BackfillWalk.tickets] : []
    let listed = round.walksEveryPublicRepository ? try await publicRepositories() : []
    walks += round.repositories.union(listed).sorted().map { .classicPieces($0) }
    var found: [BackfillWalk] = []
    for walk in walks {
      let before = progress.leftBlobs
      try await walk.follow(ports.tickets, pageBlobs: Self.surveyPageBlobs) { page in note { $0.expect(page) } }
      if progress.leftBlobs > before { found.append(walk) }
    }
    return found
  }

  private func publicRepositories() async throws(RegistryError) -> [RepositoryName] {
    guard !rules.publicPatterns.isEmpty else { return [] }
    var (found, last, hasMore): ([RepositoryName], String?, Bool) = ([], nil, true)
    while hasMore {
      let page = try await ports.catalogue.repositories(after: last, limit: Self.surveyPageBlobs)
      found += page.elements.filter(rules.publicPatterns.matches)
      (last, hasMore) = (page.elements.last?.text, page.hasMore)
    }
    return found
  }

  private func note(_ change: (inout BackfillProgress) -> Void) {
    state.withLock { change(&$0.progress) }
  }

  // MARK: - Blobs

  private func hash(_ page: [StoredBlob], for version: TorrentVersion) async throws(RegistryError) {
    var left = page[...]
    while let first = left.first {
      let small = left.prefix(Self.togetherBlobs).prefix { $0.size <= Self.smallBlobBytes }
      if small.count > 1 {
        try await hashTogether(Array(small), for: version)
      } else {
        try await hash(first, for: version, rest: { await self.rest(after: Int64($0), worked: $1) })
      }
      left = left.dropFirst(max(1, small.count))
    }
  }

  private func hashTogether(_ blobs: [StoredBlob], for version: TorrentVersion) async throws(RegistryError) {
    let began = ContinuousClock.now
    let failure = await withTaskGroup(of: RegistryError?.self) { group in
      for blob in blobs {
        group.addTask {
          do throws(RegistryError) {
            try await self.hash(blob, for: version, rest: { _, _ in })
            return nil
          } catch {
            return error
          }
        }
      }
      return await group.reduce(nil) { $0 ?? $1 }
    }
    if let failure { throw failure }
    await rest(after: blobs.reduce(0) { $0 + $1.size }, worked: began.duration(to: .now))
  }

  /// One blob. Its own fault is its own; only what befell the node ends the round.
  private func hash(
    _ blob: StoredBlob, for version: TorrentVersion, rest: @escaping BlobReading.Rest
  ) async throws(RegistryError) {
    do throws(RegistryError) {
      switch try await desk.compute(version, of: blob.digest, rest: rest) {
      case .absent: note { $0.skippedBlobs += 1 }
      case .rotten: note { $0.rottenBlobs += 1 }
      case .sound: break
      }
    } catch {
      guard error.code == .internal else { throw error }
      ports.log.warning(
        "a blob could not be hashed for its torrent", LogField("digest", blob.digest.description),
        LogField("error", "\(error)"))
      note { $0.skippedBlobs += 1 }
    }
    note { $0.finish(blob) }
  }

  private func rest(after bytes: Int64, worked: Duration) async {
    let rest = pace.withLock { $0.rest(after: bytes, worked: worked) }
    if rest > .zero { await sleep(rest) }
  }
}
