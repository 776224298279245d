import BlockingWork
import RegistryCore
import Telemetry
import TorrentHashing

/// A blob in ranges from members that hold it, over the fleet's channel. Each piece is compared with the ticket before it is
/// written; a member that fails, stalls or lies is not asked again for this blob.
final class ChannelSource: FetchSource {
  typealias Tell = @Sendable (RemoteBlobFetch.Event) -> Void

  private struct State {
    var plan: RangePlan
    /// The one to ask first at the front.
    var members: [NodeID]
    /// Sent what the ticket does not say.
    var liars: Set<NodeID> = []
    /// How often members were looked for since the last part that came whole.
    var lookups = 0
    var lanes: [Task<Void, Never>] = []
    var hasEnded = false
  }

  /// Ranges that are asked for at the same time.
  static let laneCount = 2
  /// At most, in one question: short enough that what a reader waits for is not far behind another.
  static let partBytes: Int64 = 4 << 20
  /// Members are looked for so often in a row before the fetch gives up.
  static let lookupLimit = 3

  private let torrent: SwarmTorrent
  private let repository: RepositoryName
  private let fleet: any FleetBytes
  private let sink: any FetchSink
  private let work: BlockingPool
  private let log: Logger
  private let state: Lock<State>
  /// The staged file may hold a part of the blob already: that is checked first.
  private let isResumed: Bool

  init(
    _ request: FetchRequest, _ fleet: any FleetBytes, sink: any FetchSink, isResumed: Bool, work: BlockingPool,
    log: Logger
  ) {
    (torrent, repository, self.fleet, self.sink) = (request.torrent, request.repository, fleet, sink)
    (self.isResumed, self.work, self.log) = (isResumed, work, log)
    let plan = RangePlan(size: request.torrent.size, pieceBytes: request.torrent.pieceBytes, partBytes: Self.partBytes)
    state = Lock(State(plan: plan, members: request.members))
  }

  func begin(into file: BlobFile, tell: @escaping Tell) async throws(RegistryError) {
    if isResumed { try await checkWhatIsHere(tell) }
    state.withLock { state in
      guard !state.hasEnded else { return }
      // Unstructured: they go on after the question that began the fetch. `end` cancels them and waits.
      state.lanes = (0..<Self.laneCount).map { lane in Task { await self.work(on: lane, tell) } }
    }
  }

  func hurry(_ pieces: Range<Int>) async { state.withLock { $0.plan.hurry(pieces) } }

  /// Peers of a swarm mean nothing to the channel.
  func introduce(_ peers: [PeerEndpoint]) async {}

  func end(isComplete: Bool) async {
    let lanes = state.withLock { state in
      state.hasEnded = true
      return state.lanes
    }
    for lane in lanes { lane.cancel() }
    for lane in lanes { await lane.value }
  }

  // MARK: - A lane

  private func work(on lane: Int, _ tell: @escaping Tell) async {
    while !Task.isCancelled, let part = state.withLock({ $0.plan.next() }) {
      guard let member = await member(for: lane) else {
        state.withLock { $0.plan.giveBack(part) }
        if !Task.isCancelled { tell(.sourceFailed(.heldByNobody(torrent.digest))) }
        return
      }
      await read(part, from: member, tell)
    }
  }

  /// Lanes ask different members where there are several. With none left, those who hold it are looked for again.
  private func member(for lane: Int) async -> NodeID? {
    while !Task.isCancelled {
      let (member, mayLook) = state.withLock { state in
        let member = Self.pick(lane, state.members)
        if member == nil { state.lookups += 1 }
        return (member, state.lookups <= Self.lookupLimit)
      }
      if member != nil || !mayLook { return member }
      let found = await fleet.holders(of: torrent.digest, in: repository)
      let members = found.filter { SwarmTorrent($0.ticket).infoHash == torrent.infoHash }.map(\.member)
      state.withLock { state in
        if state.members.isEmpty { state.members = members.filter { !state.liars.contains($0) } }
      }
    }
    return nil
  }

  private static func pick(_ lane: Int, _ members: [NodeID]) -> NodeID? {
    members.isEmpty ? nil : members[lane % members.count]
  }

  private func read(_ part: Range<Int>, from member: NodeID, _ tell: @escaping Tell) async {
    let pieces = PieceAssembly(part, torrent)
    do throws(RegistryError) {
      try await fleet.read(bytes(of: part), of: torrent.digest, in: repository, from: member) {
        [self] bytes throws(RegistryError) in
        for (piece, content) in pieces.take(bytes) {
          try await keep(content, as: piece)
          pieces.note(kept: piece)
          tell(.verified(piece: piece))
        }
      }
      guard pieces.missing == part.upperBound else {
        throw RegistryError(.unavailable, "a member sent fewer bytes than it was asked for")
      }
      state.withLock { $0.lookups = 0 }
    } catch {
      state.withLock { $0.plan.giveBack(pieces.missing..<part.upperBound) }
      if !Task.isCancelled { blame(member, error, tell) }
    }
  }

  private func blame(_ member: NodeID, _ error: RegistryError, _ tell: Tell) {
    if error.code == .storageFull { return tell(.sourceFailed(error)) }
    state.withLock { state in
      state.members.removeAll { $0 == member }
      if error.code == .digestInvalid { state.liars.insert(member) }
    }
    log.warning(
      "a member failed in the middle of a blob; another is asked", LogField("member", member.description),
      LogField("digest", torrent.digest.description), LogField("error", error.description))
  }

  private func keep(_ content: [UInt8], as piece: Int) async throws(RegistryError) {
    guard await isPiece(content, piece) else {
      throw RegistryError(.digestInvalid, "piece \(piece) is not what the ticket says")
    }
    try await sink.write(content, at: Int64(piece) * Int64(torrent.pieceBytes))
  }

  private func isPiece(_ content: [UInt8], _ piece: Int) async -> Bool {
    let torrent = torrent
    return await work.run {
      // The one piece of a blob is the blob.
      if torrent.size <= Int64(torrent.pieceBytes) {
        return Digest(of: content, torrent.digest.algorithm) == torrent.digest
      }
      let root = PieceRoot.of(content, pieceBytes: torrent.pieceBytes)
      return torrent.pieceLayer.dropFirst(piece * root.count).prefix(root.count).elementsEqual(root)
    }
  }

  private func bytes(of part: Range<Int>) -> Range<Int64> {
    let start = Int64(part.lowerBound) * Int64(torrent.pieceBytes)
    return start..<min(torrent.size, Int64(part.upperBound) * Int64(torrent.pieceBytes))
  }

  /// What an earlier life of the node brought in is taken as far as it is what the ticket says.
  private func checkWhatIsHere(_ tell: Tell) async throws(RegistryError) {
    for piece in 0..<state.withLock({ $0.plan.pieceCount }) {
      if state.withLock({ $0.hasEnded }) { return }
      let range = bytes(of: piece..<piece + 1)
      let content = try await sink.read(from: range.lowerBound, count: range.count)
      guard content.count == range.count, await isPiece(content, piece) else { continue }
      state.withLock { $0.plan.note(piece) }
      tell(.verified(piece: piece))
    }
  }
}
