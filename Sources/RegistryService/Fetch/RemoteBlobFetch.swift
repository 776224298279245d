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

  enum Event: Sendable {
    case verified(piece: Int)
    case whole
    /// One of the sources cannot go on.
    case sourceFailed(RegistryError)
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
    case grant(ReaderID, Range<Int64>)
    case refuse(ReaderID, RegistryError.Code)
    case hurry(Range<Int>)
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
  private var sources: Int
  private var readers: [ReaderID: Reader] = [:]
  private var readersByPiece: [Int: [ReaderID]] = [:]
  private var hashedBytes: Int64 = 0
  /// A call of the sink is at work: one at a time.
  private var isSinkBusy = false
  private var lastProgress: Instant
  private var peers = 0

  init(size: Int64, pieceBytes: Int, sources: Int = 1, limits: FetchLimits = FetchLimits(), at now: Instant) {
    pieces = PieceMap(size: size, pieceBytes: pieceBytes)
    self.limits = limits
    self.sources = sources
    (begun, lastProgress) = (now, now)
  }

  var waitingReaders: Int { readers.count }

  mutating func take(_ event: Event, at now: Instant) -> [Step] {
    switch event {
    case .reads(let reader, let offset, let count): return read(reader, from: offset, count: count)
    case .leaves(let reader): forget(reader)
    case .sees(let peers): self.peers = peers
    case .hashed, .hashingFailed, .sealed, .sealFailed, .linkFailed:
      isSinkBusy = false
      if case .ending(let ending) = phase { return end(ending) }
      return sinkReturned(event, at: now)
    case .verified, .whole, .sourceFailed, .tick, .cancel, .pause:
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
      return serve(readersByPiece.removeValue(forKey: piece) ?? []) + work()
    case .whole:
      pieces.insertAll()
      noteProgress(at: now)
      readersByPiece = [:]
      return serve(readers.keys.sorted()) + work()
    case .sourceFailed(let error):
      sources -= 1
      // On a full disk, what arrived would be in everybody's way.
      return sources > 0 ? [] : finish(error.code == .storageFull ? .dropped : .kept, error)
    case .tick: return tick(at: now)
    case .cancel: return finish(.dropped, .fetchCancelled)
    case .pause: return finish(.kept, .fetchPaused)
    default: return []
    }
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
    let patience = peers == 0 ? limits.lonelyPatience : limits.stalledPatience
    guard now - lastProgress >= patience else { return [] }
    if limits.endsWhenStalled { return finish(.kept, .fetchStalled) }
    lastProgress = now
    return refuseAll(.unavailable)
  }
}

// Readers.
extension RemoteBlobFetch {
  private mutating func read(_ id: ReaderID, from offset: Int64, count: Int) -> [Step] {
    guard offset >= 0, offset < pieces.size, count > 0 else { return [.grant(id, 0..<0)] }
    let reader = Reader(offset: offset, end: offset + min(Int64(count), pieces.size - offset))
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
