import RegistryCore

/// One blob on its way here: events in, steps out, nothing else. Whoever feeds it does what the steps say, outside.
///
/// The pieces that sources deliver are verified against a torrent's hashes, which nothing ties to the digest until all
/// bytes are here. So every reader is held back by the last block *of what it asked for* until the whole digest agrees:
/// with false hashes under a true digest its response breaks off, and no response that holds a wrong byte ends cleanly.
/// Holding back the blob's last block alone would not do, since a client may ask for a range in the middle and have it
/// answered to the end with bytes that nobody has compared with the digest. The price is that a range of a blob that is
/// still arriving ends when the blob does; its first bytes come at once.
struct RemoteBlobFetch: Sendable {
  typealias Instant = ContinuousClock.Instant
  typealias ReaderID = UInt64

  typealias Source = BlobArrival.Source

  enum Event: Sendable {
    case begun(Source)
    case verified(piece: Int)
    case whole
    /// Bytes came, verified or not yet.
    case received(Source, bytes: Int64)
    /// One of the sources cannot go on.
    case sourceFailed(Source, RegistryError)
    /// It was looked for members: so many hold the blob.
    case found(holders: Int)
    /// So many bytes came to a member that was asked to fetch it for the site; `nil`: it does not, or is silent.
    case said(NodeID, bytes: Int64?)
    case hashed(upTo: Int64)
    case hashingFailed(RegistryError)
    /// The digest agreed, the blob is durable and linked.
    case sealed
    case sealFailed(RegistryError)
    case linkFailed(RegistryError)
    case reads(ReaderID, from: Int64, count: Int)
    case leaves(ReaderID)
    case sees(peers: Int)
    case tick
    case cancel
    /// The node stops.
    case pause
  }

  enum Step: Hashable, Sendable {
    /// `begun` answers, or `sourceFailed`; what is asked of a source comes after.
    case begin(Source)
    /// It has failed, and another goes on: when this is done it uses the file no more.
    case quit(Source)
    case grant(ReaderID, Range<Int64>)
    case refuse(ReaderID, RegistryError.Code)
    case hurry(Range<Int>)
    /// A reader has waited long for these.
    case want(Range<Int>)
    /// The channel shall bring these.
    case fill(Range<Int>)
    /// The channel shall ask for nothing more.
    case rest
    /// Peers of the swarm that are silent shall go.
    case shed
    /// More members that take part shall be looked for.
    case seek
    /// A member of the site shall say how far it is with the blob, and fetch it if it does not. `said` answers.
    case ask(NodeID)
    /// Members of other sites have a part in it from now on.
    case cross
    /// A tick, in so long.
    case wake(after: Duration)
    case hash(upTo: Int64)
    case seal
    /// The last step of all, and none of the calls that were asked for before is still at work.
    case end(Ending)
  }

  enum Ending: Hashable, Sendable {
    /// Here, linked: may be seeded on.
    case complete
    /// The bytes had another digest; they are gone. Who vouched for them is to be remembered.
    case falsified
    /// The bytes are of no use, or in the way: drop them and the note.
    case dropped
    /// What arrived stays, and so does the note.
    case kept
  }

  enum Phase: Hashable, Sendable {
    case arriving
    case sealing
    /// Decided, while a call of the sink is still at work.
    case ending(Ending)
    case ended(Ending)
  }

  private struct Reader {
    let offset: Int64
    let end: Int64
    let since: Instant
  }

  private(set) var phase = Phase.arriving
  private(set) var pieces: PieceMap
  /// Why it ended, when not well.
  private(set) var failure: RegistryError?
  private(set) var firstPieceAfter: Duration?
  /// From the beginning until all pieces were verified; the digest is compared after that.
  private(set) var wholeAfter: Duration?
  private let limits: FetchLimits
  private let begun: Instant
  private(set) var supply: FetchSupply
  private var readers: [ReaderID: Reader] = [:]
  private var readersByPiece: [Int: [ReaderID]] = [:]
  private var hashedBytes: Int64 = 0
  /// A call of the sink is at work: one at a time.
  private var isSinkBusy = false
  private var lastProgress: Instant
  private var lastWanted: Instant
  private var peers = 0
  /// The most that were connected at once.
  private(set) var mostPeers = 0

  init(
    size: Int64, pieceBytes: Int, from sources: Set<Source> = [.swarm], limits: FetchLimits = FetchLimits(),
    site: SitePlan? = nil, at now: Instant
  ) {
    pieces = PieceMap(size: size, pieceBytes: pieceBytes)
    self.limits = limits
    supply = FetchSupply(sources, size: size, pieceBytes: pieceBytes, limits, site: site, at: now)
    (begun, lastProgress, lastWanted) = (now, now, now)
  }

  var waitingReaders: Int { readers.count }

  var arrival: BlobArrival {
    let sources = Set(supply.receivedBytes.keys)
    return BlobArrival(sources: sources.isEmpty ? [supply.firstSource] : sources, peers: peers)
  }

  /// What is to be done first of all.
  func begin() -> [Step] { if case .arriving = phase { supply.begin() } else { [] } }

  mutating func take(_ event: Event, at now: Instant) -> [Step] {
    switch event {
    case .reads(let reader, let offset, let count): return read(reader, from: offset, count: count, at: now)
    case .leaves(let reader): forget(reader)
    case .sees(let peers): (self.peers, mostPeers) = (peers, max(mostPeers, peers))
    case .hashed, .hashingFailed, .sealed, .sealFailed, .linkFailed:
      isSinkBusy = false
      if case .ending(let ending) = phase { return end(ending) }
      return sinkReturned(event, at: now)
    case .begun, .verified, .whole, .received, .sourceFailed, .found, .said, .tick, .cancel, .pause:
      // A fetch that has all its bytes is soon over, and one that is over hears nothing more.
      guard case .arriving = phase else { return [] }
      return arrives(event, at: now)
    }
    return []
  }
}

// What arrives.
extension RemoteBlobFetch {
  private mutating func arrives(_ event: Event, at now: Instant) -> [Step] {
    switch event {
    case .verified(let piece):
      guard pieces.insert(piece) else { return [] }
      noteProgress(at: now)
      let served = serve(readersByPiece.removeValue(forKey: piece) ?? [])
      return served + supply.verified(piece, pieces, wanted: firstWanted, at: now) + work()
    case .whole:
      pieces.insertAll()
      noteProgress(at: now)
      readersByPiece = [:]
      return serve(readers.keys.sorted()) + work()
    case .begun(let source): return supply.begun(source, pieces, at: now)
    case .received(let source, let bytes): return supply.received(source, bytes, at: now)
    case .found(let holders): supply.found(holders: holders)
    case .said(let fetcher, let bytes): return noting(supply.said(fetcher, bytes: bytes, at: now), at: now)
    case .sourceFailed(let source, let error): return failed(source, error, at: now)
    case .tick: return tick(at: now)
    case .cancel: return finish(.dropped, .fetchCancelled)
    case .pause: return finish(.kept, .fetchPaused)
    default: break
    }
    return []
  }

  private mutating func failed(_ source: Source, _ error: RegistryError, at now: Instant) -> [Step] {
    // On a full disk, what arrived would be in everybody's way.
    if error.code == .storageFull { return finish(.dropped, error) }
    let steps = noting(supply.failed(source, pieces, at: now), at: now)
    return supply.isOver ? finish(.kept, error) : steps
  }

  private mutating func sinkReturned(_ event: Event, at now: Instant) -> [Step] {
    switch event {
    case .hashed(let offset):
      hashedBytes = offset
      return work()
    case .sealed: return finish(.complete, nil)
    case .sealFailed(let error) where error.code == .digestInvalid: return finish(.falsified, error)
    // What could not be read or synced is not trusted a second time.
    case .sealFailed(let error), .hashingFailed(let error): return finish(.dropped, error)
    case .linkFailed(let error): return finish(.kept, error)
    default: return []
    }
  }

  /// The next call of the sink, when it is idle and there is enough to do.
  private mutating func work() -> [Step] {
    guard case .arriving = phase, !isSinkBusy else { return [] }
    if pieces.isWhole {
      (phase, isSinkBusy) = (.sealing, true)
      return [.seal]
    }
    let prefix = pieces.prefixBytes
    guard prefix - hashedBytes >= limits.hashStepBytes else { return [] }
    isSinkBusy = true
    return [.hash(upTo: prefix)]
  }

  private mutating func noteProgress(at now: Instant) {
    lastProgress = now
    if firstPieceAfter == nil { firstPieceAfter = now - begun }
    if pieces.isWhole { wholeAfter = now - begun }
  }

  private mutating func tick(at now: Instant) -> [Step] {
    guard now - lastProgress >= patience else {
      return noting(supply.tick(pieces, wanted: firstWanted, at: now), at: now) + wants(at: now)
    }
    // A large piece of a slow neighbour is not whole yet; others have it, too.
    if supply.isNearOnly { return noting(supply.cross(at: now), at: now) }
    if limits.endsWhenStalled { return finish(.kept, .fetchStalled) }
    lastProgress = now
    return refuseAll(.unavailable)
  }

  /// Whoever crosses the line begins anew to wait for somebody.
  private mutating func noting(_ steps: [Step], at now: Instant) -> [Step] {
    if steps.contains(.cross) { lastProgress = max(lastProgress, now) }
    return steps
  }

  private var patience: Duration {
    // It has not looked everywhere yet, and will in time.
    if supply.isNearOnly { return limits.stalledPatience }
    if supply.isLonely(peers: peers) {
      return pieces.verifiedCount == 0 ? limits.lonelyFleetPatience : limits.forsakenPatience
    }
    return peers == 0 ? limits.lonelyPatience : limits.stalledPatience
  }
}

// Readers.
extension RemoteBlobFetch {
  private mutating func read(_ id: ReaderID, from offset: Int64, count: Int, at now: Instant) -> [Step] {
    guard offset >= 0, offset < pieces.size, count > 0 else { return [.grant(id, 0..<0)] }
    let reader = Reader(offset: offset, end: offset + min(Int64(count), pieces.size - offset), since: now)
    switch phase {
    case .ended(.complete): return [.grant(id, reader.offset..<reader.end)]
    case .ending, .ended: return [.refuse(id, .unavailable)]
    case .arriving, .sealing: break
    }
    if let granted = granted(reader) { return [.grant(id, granted)] }
    guard readers.count < limits.waitingReaders else { return [.refuse(id, .tooManyRequests)] }
    readers[id] = reader
    return book(id, reader)
  }

  /// What it may have before the digest has agreed: never the last block of what it asked for.
  private func granted(_ reader: Reader) -> Range<Int64>? {
    let end = min(pieces.runEnd(from: reader.offset), reader.end - limits.heldBackBytes)
    return end > reader.offset ? reader.offset..<end : nil
  }

  /// Books a reader under the piece that it lacks. One that lacks nothing but the digest is under none.
  private mutating func book(_ id: ReaderID, _ reader: Reader) -> [Step] {
    let first = pieces.piece(at: reader.offset)
    guard !pieces.contains(first) else { return [] }
    readersByPiece[first, default: []].append(id)
    let last = pieces.piece(at: min(reader.end, reader.offset + limits.hurriedBytes) - 1)
    return [.hurry(first..<(last + 1))]
  }

  /// The first piece that somebody waits for.
  private var firstWanted: Int? { readersByPiece.keys.min() }

  /// What readers have waited long for, while other pieces came. It is for the swarm alone to do something about it: in a
  /// herd all readers wait, and the channel would bring the same to each.
  private mutating func wants(at now: Instant) -> [Step] {
    guard supply.isTwofold, supply.working.contains(.swarm), now - lastWanted >= limits.readerPatience else {
      return []
    }
    lastWanted = now
    let late = readersByPiece.filter { _, ids in
      ids.contains { id in readers[id].map { now - $0.since >= limits.readerPatience } ?? false }
    }
    return late.keys.sorted().prefix(Self.wantedAtOnce).map { .want($0..<$0 + 1) }
  }

  private static let wantedAtOnce = 8

  private mutating func forget(_ id: ReaderID) {
    guard let reader = readers.removeValue(forKey: id) else { return }
    let piece = pieces.piece(at: reader.offset)
    readersByPiece[piece]?.removeAll { $0 == id }
    if readersByPiece[piece]?.isEmpty == true { readersByPiece[piece] = nil }
  }

  private mutating func serve(_ ids: [ReaderID]) -> [Step] {
    ids.compactMap { id in
      guard let reader = readers[id], let granted = granted(reader) else { return nil }
      readers[id] = nil
      return .grant(id, granted)
    }
  }

  private mutating func refuseAll(_ code: RegistryError.Code) -> [Step] {
    defer { (readers, readersByPiece) = ([:], [:]) }
    return readers.keys.sorted().map { .refuse($0, code) }
  }
}

// The end.
extension RemoteBlobFetch {
  /// Readers learn it now; the end itself waits for the sink.
  private mutating func finish(_ ending: Ending, _ failure: RegistryError?) -> [Step] {
    self.failure = failure
    let steps =
      ending == .complete
      ? readers.sorted { $0.key < $1.key }.map { .grant($0.key, $0.value.offset..<$0.value.end) }
      : refuseAll(.unavailable)
    (readers, readersByPiece) = ([:], [:])
    if isSinkBusy {
      phase = .ending(ending)
      return steps
    }
    return steps + end(ending)
  }

  private mutating func end(_ ending: Ending) -> [Step] {
    phase = .ended(ending)
    return [.end(ending)]
  }
}

extension RegistryError {
  static let fetchCancelled = RegistryError(.unavailable, "the fetch of this blob was cancelled")
  static let fetchPaused = RegistryError(
    .unavailable, "the node is stopping; it goes on with this blob when it is back")
  static func fetchedOtherwise(by torrent: SwarmTorrent) -> RegistryError {
    RegistryError(
      .fetchConflict,
      """
      this blob is being fetched by another torrent, \(torrent.infoHash.urn) of \(torrent.size) bytes; wait until that has \
      ended, or end it (shoal blob cancel \(torrent.digest)) and ask again
      """, detail: [torrent.digest.description])
  }
  static func torrentOfAnother(_ torrent: SwarmTorrent) -> RegistryError {
    RegistryError(
      .digestInvalid, "this torrent is known here as that of another blob", detail: [torrent.digest.description])
  }
  static let fetchStalled = RegistryError(
    .unavailable, "nothing more of this blob arrived for a while; try again, perhaps with other peers")
}
