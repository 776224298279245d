import RegistryCore

/// Which source brings what: events in, steps out, as the fetch that it belongs to.
///
/// With one source that brings all. With two, the swarm brings a large blob and the channel fills in: its first piece when
/// that is late, and parts of what is missing while no block comes. A small blob comes over the channel, and the swarm is
/// begun when that stalls. Whatever the channel brings to a swarm is told apart by what it was asked for.
struct FetchSupply: Sendable {
  typealias Instant = ContinuousClock.Instant
  typealias Source = RemoteBlobFetch.Source
  typealias Step = RemoteBlobFetch.Step

  /// What the channel was asked for and is not here.
  private struct Filling {
    let pieces: Range<Int>
    var missing: Int
    var since: Instant
  }

  /// Parts under way at once while the swarm stalls.
  private static let fillingLimit = 2

  /// Those that may bring something yet.
  private(set) var working: Set<Source>
  private(set) var receivedBytes: [Source: Int64] = [:]
  private(set) var isChannelSilent = false
  private let limits: FetchLimits
  private let isSmall: Bool
  let isTwofold: Bool
  private let fillPieces: Int
  private let begunAt: Instant
  private var begun: Set<Source> = []
  private var watch: StallWatch
  private var fillings: [Filling] = []
  private var hasAskedForFirst = false
  /// All that is missing was asked of the channel.
  private var fillsAll = false
  private var seekAt: Instant
  private var seeks = 0
  /// `nil`: it takes from wherever the blob is.
  private var site: SiteWatch?

  init(
    _ sources: Set<Source>, size: Int64, pieceBytes: Int, _ limits: FetchLimits, site: SitePlan? = nil, at now: Instant
  ) {
    (working, self.limits, begunAt) = (sources, limits, now)
    self.site = sources.count > 1 ? site.map { SiteWatch($0, limits, at: now) } : nil
    isTwofold = sources.count > 1
    isSmall = size <= limits.smallBytes
    fillPieces = max(1, Int(limits.fillBytes / Int64(pieceBytes)))
    watch = StallWatch(patience: limits.blockPatience, at: now)
    seekAt = now + (limits.seekPauses.first ?? .zero)
  }

  var stalls: Int { isTwofold ? watch.stalls : 0 }

  /// Which is to bring the blob, as far as it can.
  var firstSource: Source { working.contains(.swarm) && !(isTwofold && isSmall) ? .swarm : .channel }

  var isOver: Bool { working.isEmpty }

  /// Members of other sites have no part in it.
  var isNearOnly: Bool { site != nil }

  /// Another member brings it to this site: nobody near has it whole, and the channel nobody to ask.
  var waitsForFetcher: Bool { site.map { !$0.hasHolders } ?? false }

  func isAtWork(_ source: Source) -> Bool { begun.contains(source) && working.contains(source) }

  /// Both had their chance, and neither has anybody.
  func isLonely(peers: Int) -> Bool { isTwofold && isChannelSilent && peers == 0 }

  func begin() -> [Step] {
    guard isTwofold else { return working.map(Step.begin) }
    if isSmall { return [.begin(.channel)] }
    return [.begin(.swarm), .begin(.channel), .seek, .wake(after: limits.firstPiecePatience)]
  }

  mutating func begun(_ source: Source, _ pieces: PieceMap, at now: Instant) -> [Step] {
    begun.insert(source)
    guard source == .channel, isSmall || !working.contains(.swarm) else { return [] }
    return fillAll(pieces, at: now)
  }

  mutating func failed(_ source: Source, _ pieces: PieceMap, at now: Instant) -> [Step] {
    guard working.contains(source) else { return [] }
    // With one source left there is nothing to choose.
    return cross(at: now) + gaveUp(source, pieces, at: now)
  }

  private mutating func gaveUp(_ source: Source, _ pieces: PieceMap, at now: Instant) -> [Step] {
    if source == .swarm || !working.contains(.swarm) { working.remove(source) }
    switch source {
    case .swarm where isOver: return []
    case .swarm: return [.quit(.swarm)] + (begun.contains(.channel) ? fillAll(pieces, at: now) : [])
    case .channel:
      // Beside a swarm it is asked again when that stalls: other members may hold the blob by then.
      (fillings, fillsAll, isChannelSilent) = ([], false, true)
      return working.contains(.swarm) ? beginSwarmLate(at: now) : []
    }
  }

  /// Members that hold it were found: the channel has somebody to ask.
  mutating func found(holders: Int) {
    if holders > 0 { isChannelSilent = false }
    site?.found(holders: holders)
  }

  /// What a member says that was asked to fetch it for the site.
  mutating func said(_ fetcher: NodeID, bytes: Int64?, at now: Instant) -> [Step] {
    follow(site?.said(fetcher, bytes: bytes, at: now), at: now)
  }

  mutating func received(_ source: Source, _ bytes: Int64, at now: Instant) -> [Step] {
    guard bytes > 0 else { return [] }
    receivedBytes[source, default: 0] += bytes
    site?.moved(bytes, at: now)
    if source == .channel {
      isChannelSilent = false
      for at in fillings.indices { fillings[at].since = now }
      // Without the swarm it is the channel that is watched.
      if fillsAll { _ = watch.moved(at: now) }
      return []
    }
    return moved(at: now)
  }

  mutating func verified(_ piece: Int, _ pieces: PieceMap, wanted: Int?, at now: Instant) -> [Step] {
    site?.moved(0, at: now)
    guard let at = fillings.firstIndex(where: { $0.pieces.contains(piece) }) else {
      return fillsAll ? [] : moved(at: now)
    }
    fillings[at].missing -= 1
    guard fillings[at].missing == 0 else { return [] }
    fillings.remove(at: at)
    return watch.isStalled ? fill(pieces, wanted: wanted, at: now) : []
  }

  /// - Parameter wanted: the first piece that a reader waits for.
  mutating func tick(_ pieces: PieceMap, wanted: Int?, at now: Instant) -> [Step] {
    guard isTwofold, working.count > 1 else { return [] }
    if !fillsAll { fillings = fillings.filter { now - $0.since < limits.fillPatience } }
    var steps = follow(site?.tick(at: now), at: now) + firstPiece(pieces, wanted, at: now)
    // Peers that have nothing to send yet wait as this node does, and that is no stall.
    switch waitsForFetcher ? nil : watch.look(at: now) {
    case nil: break
    case _ where !begun.contains(.swarm): steps += beginSwarmLate(at: now)
    case .stalls?: steps += [.shed, seekNow(at: now)] + fill(pieces, wanted: wanted, at: now)
    case .stillStalls?: steps += [.shed] + fill(pieces, wanted: wanted, at: now)
    }
    if begun.contains(.swarm), now >= seekAt { steps.append(seekNow(at: now)) }
    return steps
  }
}

// What it comes to.
extension FetchSupply {
  private mutating func follow(_ verdict: SiteWatch.Verdict?, at now: Instant) -> [Step] {
    switch verdict {
    case nil: []
    case .ask(let fetcher): [.ask(fetcher)]
    case .cross: cross(at: now)
    }
  }

  /// From now on it is fetched from wherever it is.
  mutating func cross(at now: Instant) -> [Step] {
    guard site != nil else { return [] }
    site = nil
    return [.cross, seekNow(at: now)]
  }

  private mutating func moved(at now: Instant) -> [Step] {
    guard watch.moved(at: now), !fillsAll else { return [] }
    // What is under way comes all the same: to break it off would cost its connection.
    fillings = []
    return [.rest]
  }

  private mutating func firstPiece(_ pieces: PieceMap, _ wanted: Int?, at now: Instant) -> [Step] {
    guard !hasAskedForFirst, !isSmall, !waitsForFetcher, begun.contains(.channel),
      now - begunAt >= limits.firstPiecePatience
    else {
      return []
    }
    hasAskedForFirst = true
    guard pieces.verifiedCount == 0, let first = pieces.missing(from: wanted ?? 0, atMost: 1) else { return [] }
    return [ask(first, at: now)]
  }

  /// A small blob whose channel has nobody, or says nothing.
  private mutating func beginSwarmLate(at now: Instant) -> [Step] {
    guard isSmall, begun.insert(.swarm).inserted else { return [] }
    return [.begin(.swarm), seekNow(at: now)]
  }

  private mutating func seekNow(at now: Instant) -> Step {
    seeks += 1
    let pauses = limits.seekPauses
    seekAt = now + (pauses.isEmpty ? limits.stalledPatience : pauses[min(seeks, pauses.count - 1)])
    return .seek
  }

  private mutating func fillAll(_ pieces: PieceMap, at now: Instant) -> [Step] {
    (fillsAll, fillings) = (true, [])
    var steps: [Step] = []
    var next = 0
    while let part = pieces.missing(from: next, atMost: pieces.pieceCount) {
      steps.append(ask(part, at: now))
      next = part.upperBound
    }
    return steps
  }

  private mutating func fill(_ pieces: PieceMap, wanted: Int?, at now: Instant) -> [Step] {
    guard begun.contains(.channel), !fillsAll else { return [] }
    var steps: [Step] = []
    while fillings.count < Self.fillingLimit, let part = nextPart(pieces, wanted: wanted) {
      steps.append(ask(part, at: now))
    }
    return steps
  }

  private mutating func ask(_ part: Range<Int>, at now: Instant) -> Step {
    fillings.append(Filling(pieces: part, missing: part.count, since: now))
    return .fill(part)
  }

  /// What a reader waits for, else what is missing first, of all that was not asked for.
  private func nextPart(_ pieces: PieceMap, wanted: Int?) -> Range<Int>? {
    for start in [wanted, 0] {
      var next = start ?? pieces.pieceCount
      while let part = pieces.missing(from: next, atMost: fillPieces) {
        if let filling = fillings.first(where: { $0.pieces.contains(part.lowerBound) }) {
          next = filling.pieces.upperBound
          continue
        }
        let end = fillings.map(\.pieces.lowerBound).filter { $0 > part.lowerBound }.min() ?? part.upperBound
        return part.lowerBound..<min(part.upperBound, end)
      }
    }
    return nil
  }
}
