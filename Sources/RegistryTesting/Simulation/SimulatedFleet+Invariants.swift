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
  func checkNames(of claims: [SignedClaim], on place: Int) {
    let wall = wall(of: place)
    for claim in claims {
      let name = claim.body.name
      guard let clock = nodes[place].disk.winner(of: name, wall: wall)?.claim.clock else { continue }
      if clock.milliseconds > wall + NameRules.fenceMilliseconds {
        fail("on node \(place) counts a claim of \(clock.milliseconds - wall) ms ahead")
      }
      if let before = nodes[place].seen[name], clock < before { fail("a name stepped back on node \(place)") }
      nodes[place].seen[name] = clock
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
      guard let of = places[writer.node], !nodes[of].wasRestored, !nodes[of].isHostile else { return }
      fail("node \(of), whose disk was never lost, used the number \(at) twice")
    case .shunned(let peer, let misdeed):
      guard let of = places[peer], !nodes[of].isHostile, !nodes[place].isHostile else { return }
      fail("node \(place) shuns node \(of), which is honest: \(misdeed)")
    case .restored(let writer):
      // Who lies about this costs a node an epoch, and no more.
      guard let of = places[writer.node], !nodes[of].wasRestored, !plan.hasHostileMember else { return }
      fail("node \(of) takes its disk for an old one")
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
      if nodes[place].disk.rules != nodes[first].disk.rules { return "nodes \(first) and \(place) go by other rules" }
    }
    return nil
  }

  func checkInTheEnd() throws(SimulationFailure) {
    if let disagreement = disagreement() { fail(disagreement) }
    checkAgainstAllClaims()
    checkAcknowledged()
    for place in nodes.indices { checkBytes(on: place) }
    if let failure { throw failure }
  }

  /// Each node answers what all claims of all honest nodes together say: so nobody has a deleted name back.
  private func checkAgainstAllClaims() {
    let (wall, honest) = (Self.epoch + time, honest)
    guard let first = honest.first else { return }
    let rules = nodes[first].disk.rules
    var claims: [ClaimedName: [NameCandidate: [UInt8]?]] = [:]
    for place in honest {
      for claim in nodes[place].disk.claims {
        if claim.body.sequence <= rules.limit(of: claim.body.writer) {
          claims[claim.body.name, default: [:]][NameCandidate(claim.body)] = .some(claim.body.value)
        }
      }
    }
    for (name, candidates) in claims {
      let winner = rules.winner(among: Array(candidates.keys), kind: name.kind, in: name.repository, now: wall)
      let value = winner.flatMap { candidates[$0] ?? nil }
      for place in honest where nodes[place].disk.winner(of: name, wall: wall)?.value != value {
        let seen = nodes[place].disk.winner(of: name, wall: wall)?.value
        fail("node \(place) says \(String(describing: seen)) where \(String(describing: value)) is so")
      }
    }
  }

  /// What was acknowledged by a disk that was never lost is everywhere.
  private func checkAcknowledged() {
    for claim in acknowledged {
      guard let writer = places[claim.body.writer.node], !nodes[writer].wasRestored else { continue }
      for place in honest where nodes[place].disk.claim(claim.body.sequence, of: claim.body.writer) != claim {
        fail("node \(place) lacks what node \(writer) acknowledged: number \(claim.body.sequence)")
      }
    }
  }
}

extension FleetNotice {
  fileprivate var kind: String {
    switch self {
    case .forked: "forks"
    case .restored: "old disks"
    case .shunned(_, .claims(.forged)): "forgeries"
    case .shunned(_, .claims): "broken runs"
    case .shunned(_, .withheld): "withheld claims"
    case .shunned(_, .statement): "forged statements"
    }
  }
}
