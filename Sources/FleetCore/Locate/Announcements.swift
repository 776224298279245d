import RegistryCore

/// What a node must tell whom about what it has: each digest to the members that rank highest for it, among all members,
/// so that who is merely away keeps its place and a flap moves nothing. Only what has changed is told, and every while
/// that the rest still holds.
public struct Announcements: Sendable {
  /// How many members answer for a digest.
  public static let trackerCount = 3

  private struct Held: Sendable {
    var holding: Holding
    var trackers: [NodeID]
  }

  private let me: NodeID
  public var limits: LeaseLimits
  private let zone: Zone?
  private var held: [Digest: Held] = [:]
  private var members = NodeList()
  private var desks: [NodeID: AnnounceDesk] = [:]
  /// Those that have a desk, in order: the same steps in every run of a simulation.
  private var told = NodeList()
  /// Digests whose rank is to be reckoned, a part of them in each call, what came last first.
  private var unranked: [Digest] = []
  private var session: Int64

  /// - Parameter session: another one each time the node starts, for example its clock.
  public init(me: NodeID, zone: Zone?, session: Int64, limits: LeaseLimits = LeaseLimits()) {
    (self.me, self.zone, self.session, self.limits) = (me, zone, max(1, session), limits)
  }

  public var count: Int { held.count }

  /// What the node has of a blob from now on; `nil`: nothing.
  public mutating func hold(_ digest: Digest, _ holding: Holding?, at now: Int64) {
    guard let holding else {
      if let gone = held.removeValue(forKey: digest) { tell(gone.trackers, digest, nil, at: now) }
      return
    }
    guard let before = held[digest] else {
      held[digest] = Held(holding: holding, trackers: [])
      unranked.append(digest)
      return
    }
    guard before.holding != holding else { return }
    held[digest]?.holding = holding
    tell(before.trackers, digest, holding, at: now)
  }

  public func holding(of digest: Digest) -> Holding? { held[digest]?.holding }

  /// The members of the fleet from now on, this node too.
  public mutating func meet(_ members: NodeList, at now: Int64) {
    let added = members.filter { !self.members.contains($0) }
    let gone = Set(self.members.filter { !members.contains($0) })
    guard !added.isEmpty || !gone.isEmpty else { return }
    self.members = members
    for node in gone {
      desks[node] = nil
      told.remove(node)
    }
    // Who comes can only push itself into a rank: that is reckoned from the rank and the newcomers. Where somebody went, or
    // too many came for one call, it is reckoned from all, later.
    let isQuick = held.count * (added.count + Self.trackerCount) <= limits.scoresAtOnce
    let waiting = Set(unranked)
    for digest in held.keys.sorted() {
      // Who went has forgotten by the time that it comes back, whether the rank was reckoned meanwhile or not.
      held[digest]?.trackers.removeAll(where: gone.contains)
      guard let trackers = held[digest]?.trackers, !waiting.contains(digest) else { continue }
      if !isQuick || trackers.count < Self.trackerCount {
        unranked.append(digest)
      } else {
        rank(digest, among: trackers + added, at: now)
      }
    }
  }

  /// What is to be told now, to whom. Each batch is answered by `take` or `failed` before that member is told more.
  public mutating func due(at now: Int64) -> [(to: NodeID, batch: LeaseBatch)] {
    rankSome(at: now)
    return told.compactMap { node in
      desks[node]?.next(zone: zone, at: now, limits).map { (node, $0) }
    }
  }

  public mutating func take(_ receipt: LeaseReceipt, from node: NodeID, at now: Int64) {
    guard desks[node]?.take(receipt, at: now, limits) == true else { return }
    var desk = newDesk()
    for digest in held.keys.sorted() {
      if let entry = held[digest], entry.trackers.contains(node) { desk.change(digest, entry.holding, at: now) }
    }
    desks[node] = desk
  }

  /// The member did not answer.
  public mutating func failed(_ node: NodeID, at now: Int64) { desks[node]?.failed(at: now, limits) }
}

extension Announcements {
  private mutating func rankSome(at now: Int64) {
    let count = min(unranked.count, max(1, limits.scoresAtOnce / max(1, members.count)))
    for _ in 0..<count { if let digest = unranked.popLast() { rank(digest, among: members, at: now) } }
  }

  private mutating func rank(_ digest: Digest, among nodes: some Sequence<NodeID>, at now: Int64) {
    guard let entry = held[digest] else { return }
    let trackers = Rendezvous.ranked(nodes, for: digest, limit: Self.trackerCount)
    guard trackers != entry.trackers else { return }
    held[digest]?.trackers = trackers
    tell(trackers.filter { !entry.trackers.contains($0) }, digest, entry.holding, at: now)
    tell(entry.trackers.filter { !trackers.contains($0) }, digest, nil, at: now)
  }

  /// Who has gone is told nothing. This node needs no telling: whoever asks it hears what it has (`LeaseBook.answer`).
  private mutating func tell(_ nodes: [NodeID], _ digest: Digest, _ holding: Holding?, at now: Int64) {
    for node in nodes where node != me && members.contains(node) {
      if desks[node] == nil { desks[node] = newDesk() }
      told.insert(node)
      desks[node]?.change(digest, holding, at: now)
    }
  }

  /// Each has a session of its own: a member that went and came back may remember what it was told before.
  private mutating func newDesk() -> AnnounceDesk {
    session += 1
    return AnnounceDesk(session: session)
  }
}
