import FleetCore
import RegistryCore

// What must hold, whatever happened.
extension SimulatedFleet {
  func fail(_ what: String) {
    guard failure == nil else { return }
    let last = trace.suffix(25).map { "\($0.time): \(described($0.event))" }
    failure = SimulationFailure(seed: plan.seed, time: time, what: what, trace: last)
  }

  func checkBounds(of place: Int) {
    let load = nodes[place].machine.load
    if load.asks > FleetLimits.asks { fail("node \(place) has \(load.asks) questions under way") }
    if load.waitingReplies > FleetLimits.waitingReplies { fail("node \(place) owes \(load.waitingReplies) answers") }
    if load.hunts > FleetLimits.forkHunts { fail("node \(place) hunts \(load.hunts) forks") }
    if load.stores > FleetLimits.asks * 2 { fail("node \(place) waits for the disk \(load.stores) times") }
  }

  /// No name steps back on a node, and nothing from beyond the fence counts.
  func checkNames(of claims: [SignedClaim], on place: Int) { checkNames(Set(claims.map(\.body.name)), on: place) }

  func checkNames(_ names: Set<ClaimedName>, on place: Int) {
    let wall = corrected(of: place)
    for name in names {
      guard let clock = nodes[place].disk.winner(of: name, wall: wall)?.claim.clock else { continue }
      if clock.milliseconds > wall + NameRules.fenceMilliseconds {
        fail("on node \(place) counts a claim of \(clock.milliseconds - wall) ms ahead")
      }
      // An immutable tag keeps what was said of it first, whoever heard of that when.
      let isImmutable = name.kind == .tag && nodes[place].disk.rules.immutableSince(in: name.repository) != nil
      if !isImmutable, let before = nodes[place].seen[name], clock < before {
        fail("a name stepped back on node \(place)")
      }
      nodes[place].seen[name] = clock
    }
  }

  /// No liar, and no member whose own clock is wrong, moves another's fence.
  func checkCorrection(_ correction: Int64, of place: Int) {
    let off = correction + nodes[place].skew
    if correction != 0, abs(off) > FleetLimits.clockOffMilliseconds {
      fail("node \(place) believes its members that it is \(correction) ms behind, and is off by \(off) ms then")
    }
  }

  /// What a node has named, it has.
  func checkBytes(on place: Int) {
    checkBytes(of: acknowledged.filter { $0.body.writer.node == nodes[place].id }, on: place)
  }

  func checkBytes(of claims: [SignedClaim], on place: Int) {
    guard !nodes[place].wasRestored, !nodes[place].isHostile else { return }
    for claim in claims where claim.body.kind == .manifest && claim.body.value != nil {
      if !nodes[place].bytes.contains(Self.digest(of: claim.body.key)) {
        fail("node \(place) named bytes that it does not have")
      }
    }
  }

  func check(_ notice: FleetNotice, of place: Int) {
    notices[notice.kind, default: 0] += 1
    switch notice {
    case .forked(let writer, let at):
      guard let of = places[writer.node], !nodes[of].wasRestored, !nodes[of].wasAhead, !nodes[of].isHostile
      else { return }
      fail("node \(of), whose disk was never lost, used the number \(at) twice")
    case .shunned(let peer, let misdeed):
      guard let of = places[peer], !nodes[of].isHostile, !nodes[place].isHostile else { return }
      fail("node \(place) shuns node \(of), which is honest: \(misdeed)")
    case .restored(let writer):
      // Who lies about this costs a node an epoch, and no more.
      guard let of = places[writer.node], !nodes[of].wasRestored, !plan.hasHostileMember else { return }
      fail("node \(of) takes its disk for an old one")
    case .redated(let writer, _):
      if nodes[place].id != writer.node || !nodes[place].wasAhead { fail("node \(place) dates its log anew") }
    }
  }

  /// The nodes that have to agree.
  var honest: [Int] {
    nodes.indices.filter { place in
      !nodes[place].isHostile && nodes[place].isUp && nodes[0].machine.directory.isMember(nodes[place].id)
    }
  }

  /// In what two nodes differ that must not.
  func disagreement() -> String? {
    guard let first = honest.first else { return nil }
    for place in honest.dropFirst() {
      if nodes[place].machine.directory.digest != nodes[first].machine.directory.digest {
        return "nodes \(first) and \(place) know other members"
      }
      if nodes[place].machine.headsDigest != nodes[first].machine.headsDigest {
        return "nodes \(first) and \(place) have other claims"
      }
      if addresses(of: place) != addresses(of: first) {
        return "nodes \(first) and \(place) know other addresses"
      }
      if nodes[place].disk.rules != nodes[first].disk.rules { return "nodes \(first) and \(place) go by other rules" }
    }
    return nil
  }

  /// Where a node takes the honest ones to be. Cards themselves may be under way for ever: a liar's doubts are refuted by
  /// new ones.
  private func addresses(of place: Int) -> [[MemberAddress]?] {
    honest.map { nodes[place].machine.cards[nodes[$0].id]?.draft.addresses }
  }

  func checkInTheEnd() throws(SimulationFailure) {
    if let disagreement = disagreement() { fail(disagreement) }
    checkAgainstAllClaims()
    checkAcknowledged()
    checkRemoved()
    checkWhereBytesAre()
    for place in nodes.indices { checkBytes(on: place) }
    if let failure { throw failure }
  }

  /// Each node answers what all claims together say that were ever acknowledged by a disk that was not lost, or that any
  /// honest node has: so nobody has a deleted name back, and what was dropped says nothing that is missed. And that is what
  /// clients were told.
  private func checkAgainstAllClaims() {
    let (wall, honest) = (Self.epoch + leapt + time, honest)
    guard let first = honest.first else { return }
    let rules = nodes[first].disk.rules
    var claims: [ClaimedName: [NameCandidate: [UInt8]?]] = [:]
    let kept = acknowledged.filter { claim in places[claim.body.writer.node].map { !nodes[$0].wasRestored } ?? false }
    for said in [kept] + honest.map({ Array(nodes[$0].disk.claims) }) {
      for claim in said {
        if claim.body.sequence <= rules.limit(of: claim.body.writer) {
          claims[claim.body.name, default: [:]][NameCandidate(claim.body)] = .some(claim.body.value)
        }
      }
    }
    for name in Set(claims.keys).union(promises.keys) {
      let candidates = claims[name] ?? [:]
      let winner = rules.winner(among: Array(candidates.keys), kind: name.kind, in: name.repository, now: wall)
      let value = winner.flatMap { candidates[$0] ?? nil }
      checkPromises(name, kept: winner, value, by: rules)
      for place in honest where nodes[place].disk.winner(of: name, wall: wall)?.value != value {
        let seen = nodes[place].disk.winner(of: name, wall: wall)?.value
        fail("node \(place) says \(String(describing: seen)) where \(String(describing: value)) is so")
      }
    }
  }

  /// The bytes of every manifest that stands are on a member's disk, or it is said why not.
  private func checkWhereBytesAre() {
    guard let first = honest.first else { return }
    let wall = Self.epoch + leapt + time
    for name in nodes[first].disk.allNames where name.kind == .manifest {
      guard let standing = nodes[first].disk.winner(of: name, wall: wall), standing.value != nil,
        !honest.contains(where: { nodes[$0].bytes.contains(Self.digest(of: name.key)) })
      else { continue }
      result.lost += 1
      guard let writer = places[standing.claim.writer.node], !nodes[writer].wasRestored, !nodes[writer].isHostile
      else { continue }
      fail("nobody has the bytes of a manifest that node \(writer) named")
    }
  }

  /// What was acknowledged by a disk that was never lost is everywhere, unless it lost long ago and was dropped.
  private func checkAcknowledged() {
    for claim in acknowledged {
      guard let writer = places[claim.body.writer.node], !nodes[writer].wasRestored else { continue }
      for place in honest where !has(claim, place) {
        let (number, epoch) = (claim.body.sequence, claim.body.writer.epoch)
        fail("node \(place) lacks what node \(writer) acknowledged: number \(number) of epoch \(epoch)")
      }
    }
  }

  private func has(_ claim: SignedClaim, _ place: Int) -> Bool {
    let disk = nodes[place].disk
    let horizon = ClaimRetention().losersHorizon(now: wall(of: place))
    if claim.body.sequence > disk.rules.limit(of: claim.body.writer) {
      return claim.body.clock.milliseconds < horizon || isSaidAgain(claim.body, on: disk)
    }
    if let here = disk.claim(claim.body.sequence, of: claim.body.writer) { return here == claim }
    return claim.body.clock.milliseconds < horizon
      && disk.heads[claim.body.writer]?.sequence ?? 0 > claim.body.sequence
  }
}

extension SimulatedFleet {
  private func isSaidAgain(_ old: SignedClaim.Body, on disk: MemoryLog) -> Bool {
    disk.claims.contains { claim in
      let body = claim.body
      return body.writer.node == old.writer.node && body.writer.epoch > old.writer.epoch && body.name == old.name
        && body.value == old.value
    }
  }
}

extension FleetNotice {
  fileprivate var kind: String {
    switch self {
    case .forked: "forks"
    case .restored: "old disks"
    case .redated: "logs dated anew"
    case .shunned(_, .claims(.forged)): "forgeries"
    case .shunned(_, .claims): "broken runs"
    case .shunned(_, .withheld): "withheld claims"
    case .shunned(_, .statement): "forged statements"
    }
  }
}
