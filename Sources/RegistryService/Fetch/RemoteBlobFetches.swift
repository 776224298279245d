import BlockingWork
import RegistryCore
import Telemetry

/// The fetches under way: one for each digest, however many repositories and readers want it.
final class RemoteBlobFetches: Sendable {
  private struct State {
    var runs: [Digest: FetchRun] = [:]
    /// By which torrent each of them is fetched, with those that are being begun. An engine knows a torrent once, so one
    /// torrent is that of one digest.
    var places: [InfoHash: Digest] = [:]
    var ended: [FetchProgress] = []
    var outcomes: [FetchOutcome: Int] = [:]
    var stalls = 0
    var siteCounts = SiteCounts()
    /// Ended without their blob, with what arrived on disk; the oldest first.
    var kept: [StoredBlob] = []
    var falseTorrents: FalseTorrents
    var isClosed = false
    /// Those who wait for the last place to be left.
    var untilEmpty: [UnsafeContinuation<Void, Never>] = []
  }

  let limits: FetchLimits
  private let log: Logger
  private let state: Lock<State>

  init(limits: FetchLimits, log: Logger = .silent) {
    (self.limits, self.log) = (limits, log)
    state = Lock(
      State(falseTorrents: FalseTorrents(limit: limits.falseTorrents, memory: limits.falseTorrentMemory)))
  }

  func run(of digest: Digest) -> FetchRun? { state.withLock { $0.runs[digest] } }

  /// Which blob is being fetched by the torrent of that hash, as peers write it.
  func digest(ofTorrent short: [UInt8]) -> Digest? {
    state.withLock { $0.places.first { $0.key.short == short }?.value }
  }

  var runs: [FetchRun] { state.withLock { Array($0.runs.values) } }

  /// The blob as it arrives, for a repository that it is fetched for. One that has failed arrives no more, although its
  /// run has not quite ended yet.
  func arriving(_ digest: Digest, for repository: RepositoryName) -> ArrivingBlob? {
    run(of: digest).flatMap { $0.isFor(repository) && !$0.hasFailed ? ArrivingBlob(run: $0) : nil }
  }

  /// The place of a fetch that is about to begin, until `leavePlace` or the end of its run. All that speaks against it
  /// is looked at in the same step: two may come with one torrent at once, under different digests.
  func takePlace(for torrent: SwarmTorrent) throws(RegistryError) {
    try state.withLock { state throws(RegistryError) in
      guard !state.isClosed else { throw RegistryError.fetchPaused }
      try Self.mustNotBeFalse(torrent, state)
      try Self.mustBeFree(torrent, state)
      guard state.places.count < limits.concurrentFetches else {
        throw RegistryError(
          .tooManyRequests, "\(limits.concurrentFetches) blobs are being fetched; try again when some have ended")
      }
      state.places[torrent.infoHash] = torrent.digest
    }
  }

  func leavePlace(_ torrent: SwarmTorrent) {
    let waiting = state.withLock { Self.leavePlace(torrent, in: &$0) }
    for continuation in waiting { continuation.resume() }
  }

  /// - Returns: who is to be resumed outside the lock.
  private static func leavePlace(
    _ torrent: SwarmTorrent, in state: inout State
  ) -> [UnsafeContinuation<Void, Never>] {
    state.places[torrent.infoHash] = nil
    guard state.places.isEmpty else { return [] }
    defer { state.untilEmpty = [] }
    return state.untilEmpty
  }

  /// Enrols a run that has a place and starts it.
  func start(_ run: FetchRun) {
    let isClosed = state.withLock { state in
      state.runs[run.digest] = run
      state.kept.removeAll { $0.digest == run.digest }
      return state.isClosed
    }
    if isClosed { run.take(.pause) }
    // Unstructured: a fetch outlives the request that began it. It ends with its last step, which `close` brings about
    // and waits for.
    Task { await run.run { ending in self.end(run, ending) } }
  }

  private func end(_ run: FetchRun, _ ending: RemoteBlobFetch.Ending) {
    let (progress, peers, account) = (run.endedProgress, run.peers, run.account(ending))
    account.write(to: log)
    let waiting = state.withLock { state in
      state.runs[run.digest] = nil
      if ending == .falsified {
        state.falseTorrents.remember(run.request.torrent.infoHash, as: run.digest, from: peers, at: .now)
      }
      if ending == .kept { state.kept.append(StoredBlob(digest: run.digest, size: run.size)) }
      state.outcomes[FetchOutcome(ending), default: 0] += 1
      state.stalls += account.stalls
      if ending == .complete { state.siteCounts.note(account.site) }
      show(progress, in: &state)
      return Self.leavePlace(run.request.torrent, in: &state)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Takes out the oldest kept fetch when there are too many, or the one that is asked for.
  func takeKept(_ digest: Digest? = nil) -> StoredBlob? {
    state.withLock { state in
      guard let digest else { return state.kept.count > limits.keptFetches ? state.kept.removeFirst() : nil }
      guard let at = state.kept.firstIndex(where: { $0.digest == digest }) else { return nil }
      return state.kept.remove(at: at)
    }
  }

  /// Times that nothing came from a swarm of the fleet for a second, with those of fetches under way.
  var stalls: Int {
    let (ended, runs) = state.withLock { ($0.stalls, Array($0.runs.values)) }
    return runs.reduce(ended) { $0 + $1.stalls }
  }

  var siteCounts: SiteCounts { state.withLock { $0.siteCounts } }

  func noteFetchForSite() { state.withLock { $0.siteCounts.asked += 1 } }

  func count(of outcome: FetchOutcome) -> Int { state.withLock { $0.outcomes[outcome] ?? 0 } }

  /// Shows for a while that a blob needed no fetch: once, however often somebody asks for it.
  func show(alreadyHere request: FetchRequest) {
    state.withLock { state in
      let progress = FetchProgress(alreadyHere: request)
      let before = state.ended.firstIndex { $0.digest == progress.digest && $0.isComplete }
      guard let before else { return show(progress, in: &state) }
      let seen = state.ended.remove(at: before)
      show(seen.repositories == progress.repositories ? seen : progress, in: &state)
    }
  }

  private func show(_ progress: FetchProgress, in state: inout State) {
    state.ended.append(progress)
    if state.ended.count > limits.endedFetches { state.ended.removeFirst() }
  }

  /// Nobody fetches another blob by it: one of the two would not be true.
  func mustBeFree(_ torrent: SwarmTorrent) throws(RegistryError) {
    try state.withLock { state throws(RegistryError) in try Self.mustBeFree(torrent, state) }
  }

  private static func mustBeFree(_ torrent: SwarmTorrent, _ state: State) throws(RegistryError) {
    guard (state.places[torrent.infoHash] ?? torrent.digest) == torrent.digest else { throw .torrentOfAnother(torrent) }
  }

  func mustNotBeFalse(_ torrent: SwarmTorrent) throws(RegistryError) {
    try state.withLock { state throws(RegistryError) in try Self.mustNotBeFalse(torrent, state) }
  }

  func mayBeTrue(_ torrent: SwarmTorrent) -> Bool {
    state.withLock { !$0.falseTorrents.isFalse(torrent.infoHash, as: torrent.digest, at: .now) }
  }

  private static func mustNotBeFalse(_ torrent: SwarmTorrent, _ state: State) throws(RegistryError) {
    guard !state.falseTorrents.isFalse(torrent.infoHash, as: torrent.digest, at: .now) else {
      throw RegistryError(
        .digestInvalid, "this torrent was fetched lately and its bytes had another digest; find another torrent",
        detail: [torrent.digest.description])
    }
  }

  func vouchers(for digest: Digest) -> [PeerEndpoint] {
    state.withLock { $0.falseTorrents.vouchers(for: digest, at: .now) }
  }

  /// Those under way, then those that ended, the last one first.
  var progress: [FetchProgress] {
    let (runs, ended) = state.withLock { ($0.runs.values.map { $0 }, $0.ended) }
    return runs.map(\.progress).sorted { $0.digest < $1.digest } + ended.reversed()
  }

  /// Lets what arrived stay for the next life of the node, and waits until all have ended: those too that are being begun
  /// and will find it closed.
  func close() async {
    let runs = state.withLock { state in
      state.isClosed = true
      return Array(state.runs.values)
    }
    for run in runs { run.take(.pause) }
    for run in runs { _ = await run.outcome() }
    await withUnsafeContinuation { continuation in
      let isEmpty = state.withLock { state in
        if !state.places.isEmpty { state.untilEmpty.append(continuation) }
        return state.places.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }
}

/// How fetches went about the line between sites, in this life of the node.
public struct SiteCounts: Hashable, Sendable {
  /// Took all from members of this node's site.
  public fileprivate(set) var near = 0
  /// Crossed the line after all.
  public fileprivate(set) var crossed = 0
  /// Were begun for other members of the site.
  public fileprivate(set) var asked = 0

  fileprivate mutating func note(_ site: FetchAccount.Site?) {
    switch site {
    case nil: break
    case .near: near += 1
    case .crossed: crossed += 1
    }
  }
}
