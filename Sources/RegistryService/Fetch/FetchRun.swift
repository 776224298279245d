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
    var peers: [PeerEndpoint]
    var repositories: [RepositoryName]
    /// How many of the repositories are linked; `nil` once no more are taken.
    var linked: Int? = 0
    var outcome: Result<StoredBlob, RegistryError>?
    var untilEnd: [UnsafeContinuation<Void, Never>] = []
    var endedAfter: Duration?
  }

  let request: FetchRequest
  private let sink: any FetchSink
  private let source: any FetchSource
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

  var digest: Digest { request.torrent.digest }
  var size: Int64 { request.torrent.size }

  init(
    _ request: FetchRequest, repositories: [RepositoryName], sink: any FetchSink, source: any FetchSource,
    content: any Content, backfill: TicketBackfill, gate: KeyedGate<Digest>, limits: FetchLimits
  ) {
    (self.request, self.sink, self.source) = (request, sink, source)
    (self.content, self.backfill, self.gate) = (content, backfill, gate)
    begun = .now
    let fetch = RemoteBlobFetch(
      size: request.torrent.size, pieceBytes: request.torrent.pieceBytes, limits: limits, at: begun)
    state = Lock(State(fetch: fetch, peers: request.peers, repositories: repositories))
    // Unbounded in form: the machine asks for one call of the sink at a time, and `hurry` is asked once for a reader.
    (steps, todo) = AsyncStream.makeStream()
  }

  /// Runs to the end of the fetch.
  /// - Parameter ended: called once, before anybody hears of the end; the sink is let go by then.
  func run(ended: @escaping @Sendable (RemoteBlobFetch.Ending) async -> Void) async {
    // First of all, so that the end cannot overtake it.
    await beginSource()
    await withDiscardingTaskGroup { group in
      // Each in its own task: a piece that a reader waits for is not asked for behind a long hash. What must not overlap,
      // the machine does not ask for at once.
      for await step in self.steps {
        if case .end(let ending) = step {
          group.addTask { await self.finish(ending, ended) }
        } else {
          group.addTask { await self.perform(step) }
        }
      }
    }
  }

  func take(_ event: RemoteBlobFetch.Event, at now: Instant = .now) {
    let answered = state.withLock { state in Self.sort(state.fetch.take(event, at: now), &state, todo) }
    for reader in answered { reader.resume() }
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
      case .hurry, .hash, .seal, .end: todo.yield(step)
      }
    }
    return answered
  }
}

// The steps.
extension FetchRun {
  private func beginSource() async {
    do throws(RegistryError) {
      // Weak: a torrent that seeds on has its observer for as long, and must not hold the staged file open.
      try await source.begin(into: sink.file) { [weak self] event in self?.take(event) }
      // Who joined while the session was being opened spoke of peers to a torrent that was not there yet.
      let late = peers.filter { !request.peers.contains($0) }
      if !late.isEmpty { await source.introduce(late) }
    } catch {
      take(.sourceFailed(error))
    }
  }

  private func perform(_ step: RemoteBlobFetch.Step) async {
    switch step {
    case .hurry(let pieces): await source.hurry(pieces)
    case .hash(let offset): take(await hash(upTo: offset))
    case .seal: take(await sealAndLink())
    case .grant, .refuse, .end: break
    }
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
    await source.end(isComplete: ending == .complete)
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
      let known = Set(state.peers)
      let newPeers = request.peers.filter { !known.contains($0) }.prefix(max(0, peerLimit - state.peers.count))
      state.peers += newPeers
      return (isNew || !newPeers.isEmpty ? note(state) : nil, true)
    }
    guard isOpen else { return false }
    if let newNote, try await !keep(newNote) { return false }
    if !request.peers.isEmpty { await source.introduce(request.peers) }
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
    FetchNote(request.torrent, request.session, state.repositories, state.peers, request.members)
  }

  func isFor(_ repository: RepositoryName) -> Bool { state.withLock { $0.repositories.contains(repository) } }

  var hasFailed: Bool { state.withLock { $0.fetch.failure != nil } }

  var peers: [PeerEndpoint] { state.withLock { $0.peers } }

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

  private func progress(_ shown: (State) -> FetchProgress.State) -> FetchProgress {
    state.withLock { state in
      let torrent = request.torrent
      return FetchProgress(
        digest: digest, size: size, infoHash: torrent.infoHash, session: request.session,
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
