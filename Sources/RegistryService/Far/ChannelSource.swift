import BlockingWork
import RegistryCore
import Telemetry

/// A blob in ranges from members that hold it, over the fleet's channel: as much of it as it is asked for. A member that
/// fails, stalls or lies is not asked again for this blob.
final class ChannelSource: Sendable {
  typealias Tell = @Sendable (RemoteBlobFetch.Event) -> Void

  private struct State {
    var plan: RangePlan
    /// By the lane that asks for it.
    var underWay: [Int: Range<Int>] = [:]
    /// Those that work; one with nothing to ask for is over.
    var lanes: [Int: Task<Void, Never>] = [:]
    /// The one to ask first at the front.
    var members: [NodeID]
    /// Sent what the ticket does not say.
    var liars: Set<NodeID> = []
    /// How often members were looked for since the last part that came whole.
    var lookups = 0
    var taker: PieceTaker
    var hasEnded = false
  }

  /// How it goes about its work.
  struct Habits: Sendable {
    /// The staged file may hold a part of the blob already: that is checked first.
    var checksWhatIsHere = false
    /// Members are looked for so often in a row before it gives up. One that has a swarm beside it leaves that to others.
    var lookups = ChannelSource.lookupLimit
  }

  /// Ranges that are asked for at the same time.
  static let laneCount = 2
  /// At most, in one question: short enough that what a reader waits for is not far behind another.
  static let partBytes: Int64 = 4 << 20
  static let lookupLimit = 3

  private let lane: ChannelLane
  private let sink: any FetchSink
  private let habits: Habits
  private let log: Logger
  private let state: Lock<State>
  /// One piece is written at a time, and none while an engine takes the file over.
  private let writing = KeyedGate<Digest>()

  private var torrent: SwarmTorrent { lane.torrent }

  init(_ lane: ChannelLane, holders: [NodeID], sink: any FetchSink, _ habits: Habits, log: Logger) {
    (self.lane, self.sink, self.habits, self.log) = (lane, sink, habits, log)
    let torrent = lane.torrent
    let plan = RangePlan(size: torrent.size, pieceBytes: torrent.pieceBytes, partBytes: Self.partBytes)
    state = Lock(State(plan: plan, members: holders, taker: .sink(sink)))
  }

  /// - Parameter tell: takes what happens; from any thread, does not block.
  func begin(tell: Tell) async throws(RegistryError) {
    if habits.checksWhatIsHere { try await checkWhatIsHere(tell) }
  }

  /// Brings these, if nobody has asked for them yet. Any thread; does not block.
  func fill(_ pieces: Range<Int>, tell: @escaping Tell) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      state.plan.fill(pieces, except: state.underWay.values)
      for number in 0..<Self.laneCount where state.lanes[number] == nil && !state.plan.isEmpty {
        // Unstructured: it goes on after what asked for the pieces. It is over with them; `end` cancels it and waits.
        state.lanes[number] = Task { await self.work(on: number, tell) }
      }
    }
  }

  /// Asks for nothing more. What is under way comes.
  func rest() { state.withLock { $0.plan.rest() } }

  /// For tests: what its lanes ask for.
  var partsUnderWay: [Range<Int>] {
    state.withLock { $0.underWay.values.sorted { $0.lowerBound < $1.lowerBound } }
  }

  func hurry(_ pieces: Range<Int>) { state.withLock { $0.plan.hurry(pieces) } }

  /// More members that hold it.
  func introduce(_ holders: [NodeID]) {
    state.withLock { state in
      state.members += holders.filter { !state.members.contains($0) && !state.liars.contains($0) }
    }
  }

  /// From now on an engine writes the file. No piece is written while `begin` brings it to work, so that it finds in the
  /// file what it has been told of.
  func handOver(
    to engine: any SwarmRelief, begin: () async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    try await writing.pass(torrent.digest) { () async throws(RegistryError) in
      try await begin()
      state.withLock { $0.taker = .engine(engine) }
    }
  }

  /// The engine uses the file no more.
  func takeBack() { state.withLock { $0.taker = .sink(sink) } }

  /// `tell` is called no more after this returns.
  func end() async {
    let lanes = state.withLock { state in
      state.hasEnded = true
      return Array(state.lanes.values)
    }
    for lane in lanes { lane.cancel() }
    for lane in lanes { await lane.value }
  }

  // MARK: - A lane

  private func work(on number: Int, _ tell: @escaping Tell) async {
    while let part = next(on: number) {
      guard let member = await member(for: number) else {
        giveUp(part, on: number)
        if !Task.isCancelled { tell(.sourceFailed(.channel, .heldByNobody(torrent.digest))) }
        return
      }
      await read(part, on: number, from: member, tell)
    }
  }

  /// `nil`: the lane is over.
  private func next(on number: Int) -> Range<Int>? {
    state.withLock { state in
      let part = Task.isCancelled ? nil : state.plan.next()
      state.underWay[number] = part
      if part == nil { state.lanes[number] = nil }
      return part
    }
  }

  private func giveUp(_ part: Range<Int>, on number: Int) {
    state.withLock { state in
      (state.underWay[number], state.lanes[number]) = (nil, nil)
      state.plan.rest()
      // Whoever asks anew has it looked again.
      state.lookups = 0
    }
  }

  /// Lanes ask different members where there are several. With none left, those who hold it are looked for again.
  private func member(for lane: Int) async -> NodeID? {
    while !Task.isCancelled {
      let (member, mayLook) = state.withLock { state in
        let member = pick(lane, state.members)
        if member == nil { state.lookups += 1 }
        return (member, state.lookups <= habits.lookups)
      }
      if member != nil || !mayLook { return member }
      let found = await self.lane.holders()
      let members = found.filter { SwarmTorrent($0.ticket).infoHash == torrent.infoHash }.map(\.member)
      state.withLock { state in
        if state.members.isEmpty { state.members = members.filter { !state.liars.contains($0) } }
      }
    }
    return nil
  }

  /// Who has lied about another blob is asked when nobody else is left.
  private func pick(_ lane: Int, _ members: [NodeID]) -> NodeID? {
    let trusted = members.filter { self.lane.bans?.isBanned($0) != true }
    let asked = trusted.isEmpty ? members : trusted
    return asked.isEmpty ? nil : asked[lane % asked.count]
  }

  private func read(_ part: Range<Int>, on number: Int, from member: NodeID, _ tell: @escaping Tell) async {
    let pieces = PieceAssembly(part, torrent)
    do throws(RegistryError) {
      try await lane.read(part, into: pieces, from: member) { count in
        tell(.received(.channel, bytes: Int64(count)))
      } keep: { [self] content, piece throws(RegistryError) in
        if try await keep(content, as: piece) { tell(.verified(piece: piece)) }
      }
      state.withLock { $0.lookups = 0 }
    } catch {
      state.withLock { state in
        state.underWay[number] = nil
        state.plan.giveBack(pieces.missing..<part.upperBound)
      }
      if !Task.isCancelled { blame(member, error, tell) }
    }
  }

  private func blame(_ member: NodeID, _ error: RegistryError, _ tell: Tell) {
    if error.code == .storageFull { return tell(.sourceFailed(.channel, error)) }
    state.withLock { state in
      state.members.removeAll { $0 == member }
      if error.code == .digestInvalid { state.liars.insert(member) }
    }
    // All of the piece came from there, by the ticket that it vouched for.
    if error.code == .digestInvalid { lane.bans?.note(member, .channel, torrent.digest) }
    log.warning(
      "a member failed in the middle of a blob; another is asked", LogField("member", member.description),
      LogField("digest", torrent.digest.description), LogField("error", error.description))
  }

  private func keep(_ content: [UInt8], as piece: Int) async throws(RegistryError) -> Bool {
    try await writing.pass(torrent.digest) { () async throws(RegistryError) in
      try await state.withLock { $0.taker }.take(content, as: piece, of: torrent)
    }
  }

  /// What an earlier life of the node brought in is taken as far as it is what the ticket says.
  private func checkWhatIsHere(_ tell: Tell) async throws(RegistryError) {
    for piece in 0..<state.withLock({ $0.plan.pieceCount }) {
      if state.withLock({ $0.hasEnded }) { return }
      let range = lane.bytes(of: piece..<piece + 1)
      let content = try await sink.read(from: range.lowerBound, count: range.count)
      if content.count == range.count, await lane.isPiece(content, piece) { tell(.verified(piece: piece)) }
    }
  }
}
