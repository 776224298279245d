import BlockingWork
import RegistryCore
import Telemetry

/// One fetch at work: the state machine behind a lock, its steps done outside it.
///
/// Events come from engine threads, readers and the sink's calls; each is taken under the lock, and no step is done there.
final class FetchRun: Sendable {
  typealias Instant = ContinuousClock.Instant

  private struct State {
    var fetch: RemoteBlobFetch
    var waiting: [RemoteBlobFetch.ReaderID: WaitingReader] = [:]
    var lastReader: RemoteBlobFetch.ReaderID = 0
    var origin: FetchOrigin
    /// Bytes that the swarm has brought, as its engine counts them.
    var downloadedBytes: Int64 = 0
    /// As the engine had it at the end.
    var last: LiveTorrent?
    var isSeeking = false
    var repositories: [RepositoryName]
    /// How many of the repositories are linked; `nil` once no more are taken.
    var linked: Int? = 0
    var outcome: Result<StoredBlob, RegistryError>?
    var untilEnd: [UnsafeContinuation<Void, Never>] = []
    var endedAfter: Duration?
    /// It had left the line between sites to another member until then.
    var crossedAfter: Duration?
  }

  let request: FetchRequest
  private let sink: any FetchSink
  private let sources: FetchSources
  private let herald: FetchHerald?
  private let limits: FetchLimits
  private let content: any Content
  private let backfill: TicketBackfill
  /// The registry's: bytes and name change together.
  private let gate: KeyedGate<Digest>
  /// The sink's calls come one after the other.
  private let sinkTurns = KeyedGate<Digest>()
  private let begun: Instant
  private let state: Lock<State>
  private let steps: AsyncStream<RemoteBlobFetch.Step>
  private let todo: AsyncStream<RemoteBlobFetch.Step>.Continuation

  /// From a swarm of the fleet and over its channel.
  var isTwofold: Bool { sources.kinds.count > 1 }
  var digest: Digest { request.torrent.digest }
  var size: Int64 { request.torrent.size }

  init(
    _ request: FetchRequest, repositories: [RepositoryName], sink: any FetchSink, sources: FetchSources,
    herald: FetchHerald? = nil,
    content: any Content, backfill: TicketBackfill, gate: KeyedGate<Digest>, limits: FetchLimits
  ) {
    (self.request, self.sink, self.sources, self.limits) = (request, sink, sources, limits)
    self.herald = herald
    (self.content, self.backfill, self.gate) = (content, backfill, gate)
    begun = .now
    let fetch = RemoteBlobFetch(
      size: request.torrent.size, pieceBytes: request.torrent.pieceBytes, from: sources.kinds, limits: limits,
      site: sources.site == nil ? nil : request.site, at: begun)
    state = Lock(State(fetch: fetch, origin: request.origin, repositories: repositories))
    // Unbounded in form: the machine asks for one call of the sink at a time, `hurry` is asked once for a reader, and the
    // rest a few times a second.
    (steps, todo) = AsyncStream.makeStream()
  }

  /// Runs to the end of the fetch.
  /// - Parameter ended: called once, before anybody hears of the end; the sink is let go by then.
  func run(ended: @escaping @Sendable (RemoteBlobFetch.Ending) async -> Void) async {
    state.withLock { state in _ = Self.sort(state.fetch.begin(), &state, todo) }
    await withDiscardingTaskGroup { group in
      for await step in self.steps {
        switch step {
        // In order: what is asked of a source comes after it has begun, and neither the end nor another one overtakes it.
        case .begin(let source): await self.begin(source)
        case .quit(let source): await self.sources.quit(source)
        case .fill(let pieces): self.sources.channel?.fill(pieces) { [weak self] in self?.take($0) }
        case .rest: self.sources.channel?.rest()
        case .cross: self.cross()
        case .end(let ending): group.addTask { await self.finish(ending, ended) }
        // Each in its own task: a piece that a reader waits for is not asked for behind a long hash. What must not overlap,
        // the machine does not ask for at once.
        default: group.addTask { await self.perform(step) }
        }
      }
    }
  }

  func take(_ event: RemoteBlobFetch.Event, at now: Instant = .now) {
    let answered = state.withLock { state in Self.sort(state.fetch.take(event, at: now), &state, todo) }
    for reader in answered { reader.resume() }
    if case .verified = event { herald?.hasPieces() }
  }

  /// Answers to readers are taken out of the table; the other steps are handed on, in order.
  private static func sort(
    _ steps: [RemoteBlobFetch.Step], _ state: inout State, _ todo: AsyncStream<RemoteBlobFetch.Step>.Continuation
  ) -> [WaitingReader] {
    var answered: [WaitingReader] = []
    for step in steps {
      switch step {
      case .grant(let id, let range):
        if let reader = state.waiting.removeValue(forKey: id) { answered.append(reader.answered(.success(range))) }
      case .refuse(let id, let code):
        let why = state.fetch.failure?.message ?? "the bytes of this blob do not arrive just now; try again shortly"
        if let reader = state.waiting.removeValue(forKey: id) {
          answered.append(reader.answered(.failure(RegistryError(code, why))))
        }
      default: todo.yield(step)
      }
    }
    return answered
  }
}

// The steps.
extension FetchRun {
  private func begin(_ source: RemoteBlobFetch.Source) async {
    let origin = origin
    do throws(RegistryError) {
      // Weak: a torrent that seeds on has its observer for as long, and must not hold the staged file open.
      try await sources.begin(source, into: sink.file, from: origin) { [weak self] event in self?.take(event) }
      // Who joined while the session was being opened spoke of peers to a torrent that was not there yet.
      let late = origin.news(in: self.origin)
      if !late.isEmpty { await sources.introduce(late) }
      take(.begun(source))
      if source == .swarm { herald?.takesPart(hasPieces: progress.verifiedBytes > 0) }
    } catch {
      take(.sourceFailed(source, error))
    }
  }

  private func perform(_ step: RemoteBlobFetch.Step) async {
    switch step {
    case .hurry(let pieces): await sources.hurry(pieces)
    case .want(let pieces): await sources.swarm?.want(pieces)
    case .shed: await sources.swarm?.shed(silentFor: limits.blockPatience)
    case .seek: await seek()
    case .ask(let fetcher): await ask(fetcher)
    case .wake(let pause):
      // Nobody cancels it; should somebody, the tick is early.
      try? await Task.sleep(for: pause)
      take(.tick)
    case .hash(let offset): take(await hash(upTo: offset))
    case .seal: take(await sealAndLink())
    default: break
    }
  }

  /// One question at a time: what comes meanwhile is answered by it.
  private func seek() async {
    let (maySeek, known) = state.withLock { state in
      defer { state.isSeeking = true }
      return (!state.isSeeking, state.origin)
    }
    guard maySeek else { return }
    let wasNearOnly = sources.site?.isNearOnly
    let found = await sources.seek(request.torrent, for: request.repository, known: known)
    state.withLock { $0.isSeeking = false }
    await meet(found)
    // The line was crossed meanwhile, and the question that belongs to that may have been taken for this one.
    if sources.site?.isNearOnly != wasNearOnly { await seek() }
  }

  private func meet(_ found: FetchOrigin) async {
    state.withLock { state in
      state.origin = state.origin.adding(state.origin.news(in: found)).bounded(to: limits.peers)
    }
    // Those that are known too: a way to a member lasts for minutes, and who failed answers again.
    if !found.isEmpty { await sources.introduce(found) }
    take(.found(holders: found.holders.count))
  }

  private func ask(_ fetcher: NodeID) async {
    let word = await sources.ask(fetcher, request.torrent, for: request.repository)
    if let word {
      await meet(.members(holders: word.peer.isWhole ? [fetcher] : [], peers: word.peer.isWhole ? [] : [fetcher]))
    }
    take(.said(fetcher, bytes: word?.receivedBytes))
  }

  private func cross() {
    sources.site?.cross()
    state.withLock { $0.crossedAfter = .now - begun }
  }

  private func hash(upTo offset: Int64) async -> RemoteBlobFetch.Event {
    do throws(RegistryError) {
      try await sinkTurns.pass(digest) { () async throws(RegistryError) in try await sink.digest(upTo: offset) }
      return .hashed(upTo: offset)
    } catch {
      return .hashingFailed(error)
    }
  }

  /// Bytes, then names, and nobody in between, as with a push.
  private func sealAndLink() async -> RemoteBlobFetch.Event {
    await gate.wait(digest) {
      let sealed: SealedBlob
      do throws(RegistryError) {
        sealed = try await sinkTurns.pass(digest) { () async throws(RegistryError) in try await sink.seal() }
      } catch {
        return .sealFailed(error)
      }
      do throws(RegistryError) {
        while let repository = nextToLink() {
          try await content.link(sealed, to: repository)
          backfill.notice(arrivalIn: repository)
        }
        return .sealed
      } catch {
        return .linkFailed(error)
      }
    }
  }

  /// `nil`: all are, and from here on no other is taken.
  private func nextToLink() -> RepositoryName? {
    state.withLock { state in
      guard let linked = state.linked, linked < state.repositories.count else {
        state.linked = nil
        return nil
      }
      state.linked = linked + 1
      return state.repositories[linked]
    }
  }

  private func finish(
    _ ending: RemoteBlobFetch.Ending, _ ended: @escaping @Sendable (RemoteBlobFetch.Ending) async -> Void
  ) async {
    let last = await sources.swarm?.numbers()
    state.withLock { $0.last = last }
    await sources.end(isComplete: ending == .complete)
    herald?.ended(isComplete: ending == .complete)
    await sinkTurns.wait(digest) {
      switch ending {
      case .complete, .falsified, .dropped: await sink.cancel()
      case .kept: await sink.pause()
      }
    }
    state.withLock { state in
      state.linked = nil
      state.endedAfter = .now - begun
    }
    await ended(ending)
    let waiting = state.withLock { state in
      state.outcome = state.fetch.failure.map { .failure($0) } ?? .success(StoredBlob(digest: digest, size: size))
      defer { state.untilEnd = [] }
      return state.untilEnd
    }
    for continuation in waiting { continuation.resume() }
    todo.finish()
  }
}

// For readers and for those who wait.
extension FetchRun {
  /// Bytes from `offset`, at most `count`, fewer when no more are here. Waits for the first of them.
  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    let range = try await granted(from: offset, count: count)
    guard !range.isEmpty else { return [] }
    return try await sink.read(from: range.lowerBound, count: range.count)
  }

  private func granted(from offset: Int64, count: Int) async throws(RegistryError) -> Range<Int64> {
    let reader = WaitingReader()
    let id = state.withLock { state in
      state.lastReader += 1
      state.waiting[state.lastReader] = reader
      return state.lastReader
    }
    return try await withTaskCancellationHandler {
      take(.reads(id, from: offset, count: count))
      // Cancelled before that, it left before it came: the machine would wait for it to the end.
      if Task.isCancelled { leave(id) }
      return await reader.answer()
    } onCancel: {
      leave(id)
    }.get()
  }

  private func leave(_ id: RemoteBlobFetch.ReaderID) {
    take(.leaves(id))
    let reader = state.withLock { $0.waiting.removeValue(forKey: id) }
    reader?.answered(.failure(RegistryError(.unavailable, "the reader went away"))).resume()
  }

  /// One more repository to be linked, more peers to try. `false`: it is too late, look into the store.
  ///
  /// A fetch has one torrent, by whose hashes all that arrived was verified: another one is refused while bytes arrive.
  /// Once they are whole it is the digest that decides, and whoever offers another torrent waits for that.
  func join(_ request: FetchRequest, peerLimit: Int) async throws(RegistryError) -> Bool {
    let isSame = request.torrent.infoHash == self.request.torrent.infoHash
    let (newNote, isOpen) = try state.withLock { state throws(RegistryError) -> (FetchNote?, Bool) in
      switch state.fetch.phase {
      case .ending, .ended: return (nil, false)
      case .arriving where !isSame: throw .fetchedOtherwise(by: self.request.torrent)
      case .sealing where !isSame: return (nil, false)
      case .arriving, .sealing: break
      }
      guard state.linked != nil else { return (nil, false) }
      let isNew = !state.repositories.contains(request.repository)
      if isNew { state.repositories.append(request.repository) }
      let news = state.origin.news(in: request.origin)
      state.origin = state.origin.adding(news).bounded(to: peerLimit)
      return (isNew || !news.isEmpty ? note(state) : nil, true)
    }
    guard isOpen else { return false }
    if let newNote, try await !keep(newNote) { return false }
    if !request.origin.isEmpty { await sources.introduce(request.origin) }
    return true
  }

  /// For the next life of the node. `false`: the note may have gone meanwhile, with the bytes or to become a blob.
  private func keep(_ note: FetchNote) async throws(RegistryError) -> Bool {
    try await sinkTurns.pass(digest) { () async throws(RegistryError) in
      do throws(RegistryError) {
        try await sink.keep(note: note.encoded)
        return true
      } catch {
        guard state.withLock({ $0.fetch.phase != .arriving }) else { throw error }
        return false
      }
    }
  }

  private func note(_ state: State) -> FetchNote {
    FetchNote(request.torrent, from: state.origin, for: state.repositories)
  }

  func isFor(_ repository: RepositoryName) -> Bool { state.withLock { $0.repositories.contains(repository) } }

  func isAtWork(_ source: RemoteBlobFetch.Source) -> Bool { state.withLock { $0.fetch.supply.isAtWork(source) } }

  /// By which it takes part in the fleet's swarm of the blob; `nil`: it does not, or not for that repository, or not with
  /// that member: what another member brings to the site does not cross the line once more.
  func ticketInSwarm(for repository: RepositoryName, with member: NodeID) -> SwarmTicket? {
    let isFar = sources.site?.sites.isFar(member) ?? false
    let takesPart = state.withLock { state in
      state.fetch.failure == nil && state.fetch.supply.isAtWork(.swarm) && state.origin.session == .fleet
        && state.repositories.contains(repository)
        && !(state.fetch.supply.waitsForFetcher && isFar)
    }
    return takesPart ? request.torrent.ticket : nil
  }

  /// Verified or not yet.
  var receivedBytes: Int64 {
    state.withLock { state in
      let received = state.fetch.supply.receivedBytes.values.reduce(0, +)
      return max(received, state.downloadedBytes, state.fetch.pieces.verifiedBytes)
    }
  }

  /// What it had to do with a line between sites; `nil`: nothing.
  var siteAccount: FetchAccount.Site? {
    guard sources.site != nil else { return nil }
    return state.withLock { $0.crossedAfter.map { .crossed(after: $0) } ?? .near }
  }

  var hasFailed: Bool { state.withLock { $0.fetch.failure != nil } }

  private var origin: FetchOrigin { state.withLock { $0.origin } }

  var peers: [PeerEndpoint] { origin.peers }

  /// Its torrent as an engine has it at this moment; `nil`: none has.
  func see(_ live: LiveTorrent?, at now: Instant) {
    let bytes = state.withLock { state in
      defer { state.downloadedBytes = live?.downloadedBytes ?? 0 }
      return (live?.downloadedBytes ?? 0) - state.downloadedBytes
    }
    take(.sees(peers: live?.peers ?? 0), at: now)
    if bytes > 0 { take(.received(.swarm, bytes: bytes), at: now) }
    take(.tick, at: now)
  }

  /// Waits for the end.
  func outcome() async -> Result<StoredBlob, RegistryError> {
    await withUnsafeContinuation { continuation in
      let hasEnded = state.withLock { state in
        if state.outcome == nil { state.untilEnd.append(continuation) }
        return state.outcome != nil
      }
      if hasEnded { continuation.resume() }
    }
    return state.withLock { $0.outcome } ?? .failure(.fetchCancelled)
  }

  /// How far it is. That it has ended is told by `endedProgress`, when nobody finds it here any more.
  var progress: FetchProgress { progress { Self.stage(of: $0) } }

  var endedProgress: FetchProgress {
    progress { $0.fetch.failure.map { .failed($0) } ?? .complete }
  }

  /// For its readers.
  var arrival: BlobArrival { state.withLock { $0.fetch.arrival } }

  var stalls: Int { state.withLock { $0.fetch.supply.stalls } }

  func account(_ ending: RemoteBlobFetch.Ending) -> FetchAccount {
    let site = siteAccount
    return state.withLock { state in
      let (received, last) = (state.fetch.supply.receivedBytes, state.last)
      return FetchAccount(
        digest: digest, size: size, ending: ending,
        swarmBytes: max(received[.swarm] ?? 0, last?.downloadedBytes ?? 0), channelBytes: received[.channel] ?? 0,
        peers: max(state.fetch.mostPeers, last?.peers ?? 0), stalls: state.fetch.supply.stalls,
        bannedPeers: last?.bannedPeers ?? 0, cutPeers: last?.cutPeers ?? 0, site: site,
        firstPieceAfter: state.fetch.firstPieceAfter, took: state.endedAfter ?? .now - begun)
    }
  }

  private func progress(_ shown: (State) -> FetchProgress.State) -> FetchProgress {
    state.withLock { state in
      let torrent = request.torrent
      return FetchProgress(
        digest: digest, size: size, infoHash: torrent.infoHash, session: request.origin.session,
        repositories: state.repositories, state: shown(state), verifiedBytes: state.fetch.pieces.verifiedBytes,
        firstPieceAfter: state.fetch.firstPieceAfter, wholeAfter: state.fetch.wholeAfter,
        completeAfter: state.endedAfter)
    }
  }

  private static func stage(of state: State) -> FetchProgress.State {
    if case .arriving = state.fetch.phase { return .arriving }
    return .sealing
  }
}
