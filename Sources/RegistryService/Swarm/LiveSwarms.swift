import RegistryCore

/// What is live where, by blob: the rules of rest and room, without an engine.
struct LiveSwarms: Sendable {
  typealias Instant = ContinuousClock.Instant

  struct Blob: Hashable, Sendable {
    /// Its torrents that are live; a blob has one among the fleet and up to two among strangers.
    fileprivate(set) var torrents: [SwarmSession: Set<InfoHash>] = [:]
    /// The sessions in which all that our recipe makes of it is live. Another's torrent, left by a fetch, is not that.
    fileprivate(set) var own: Set<SwarmSession> = []
    fileprivate(set) var lastWanted: Instant
    /// An operator's wish: it neither rests nor makes room.
    fileprivate(set) var isStarted: Bool
  }

  private(set) var blobs: [Digest: Blob] = [:]
  private var digests: [InfoHash: Digest] = [:]
  private(set) var publicCount = 0
  private(set) var fleetCount = 0

  func torrents(of digest: Digest, in session: SwarmSession) -> Set<InfoHash> {
    blobs[digest]?.torrents[session] ?? []
  }

  func digest(of infoHash: InfoHash) -> Digest? { digests[infoHash] }

  func blobs(in session: SwarmSession) -> Set<Digest> {
    Set(blobs.filter { $0.value.torrents[session]?.isEmpty == false }.keys)
  }

  mutating func enter(_ infoHash: InfoHash, of digest: Digest, in session: SwarmSession, at now: Instant) {
    let isNew =
      blobs[digest, default: Blob(lastWanted: now, isStarted: false)].torrents[session, default: []].insert(infoHash)
      .inserted
    digests[infoHash] = digest
    if isNew { count(session, 1) }
  }

  /// All of our own torrents of the blob are in the session.
  mutating func complete(_ digest: Digest, in session: SwarmSession) { blobs[digest]?.own.insert(session) }

  mutating func leave(_ infoHash: InfoHash, of digest: Digest, in session: SwarmSession) {
    guard blobs[digest]?.torrents[session]?.remove(infoHash) != nil else { return }
    count(session, -1)
    blobs[digest]?.own.remove(session)
    if blobs[digest]?.torrents.values.contains(where: { $0.contains(infoHash) }) != true { digests[infoHash] = nil }
    if blobs[digest]?.torrents.values.allSatisfy(\.isEmpty) == true { blobs[digest] = nil }
  }

  mutating func want(_ digest: Digest, isStarted: Bool, at now: Instant) {
    blobs[digest]?.lastWanted = now
    blobs[digest]?.isStarted = isStarted
  }

  /// Peers are there: that counts as being wanted.
  mutating func see(_ digest: Digest, at now: Instant) { blobs[digest]?.lastWanted = now }

  func idle(since: Duration, at now: Instant) -> [Digest] {
    blobs.filter { !$0.value.isStarted && now - $0.value.lastWanted >= since }.map(\.key).sorted()
  }

  func isIdle(_ digest: Digest, since: Duration, at now: Instant) -> Bool {
    blobs[digest].map { !$0.isStarted && now - $0.lastWanted >= since } ?? false
  }

  /// Which blobs rest so that so many more torrents may be public: those that nobody wanted longest. `nil`: there is no
  /// such room, since the rest are an operator's wish.
  func makingRoom(for count: Int, limit: Int, keeping digest: Digest) -> [Digest]? {
    var excess = publicCount + count - limit
    guard excess > 0 else { return [] }
    var resting: [Digest] = []
    let candidates = blobs.filter { !$0.value.isStarted && $0.key != digest }
    for (digest, blob) in candidates.sorted(by: { ($0.value.lastWanted, $0.key) < ($1.value.lastWanted, $1.key) }) {
      guard excess > 0 else { break }
      let freed = blob.torrents[.public]?.count ?? 0
      if freed > 0 { resting.append(digest) }
      excess -= freed
    }
    return excess > 0 ? nil : resting
  }

  private mutating func count(_ session: SwarmSession, _ change: Int) {
    switch session {
    case .fleet: fleetCount += change
    case .public: publicCount += change
    }
  }
}
