import FleetCore
import RegistryCore

// Members that are put out.
extension SimulatedFleet {
  /// A member whose key somebody has: it dates claims ahead, far enough to wait and near enough to be due before all is
  /// over, and is put out before that.
  func planThief(_ place: Int, at moment: Int64) {
    events.add(.writeAhead(place), at: moment)
    events.add(.remove(place), at: moment + 1000 + Int64(chance.below(1500)))
  }

  /// Past its own gate, under its own name.
  func writeAhead(_ place: Int) {
    guard nodes[place].isUp else { return }
    let notary = nodes[place].notary.ofClaims
    let claims = Self.tags.prefix(3).enumerated().map { number, tag in
      let wall = wall(of: place) + NameRules.fenceMilliseconds + 6000 + Int64(number)
      return nodes[place].disk.write(tag, [6, 6, 6], wall: wall, notary: notary)
    }
    guard let first = claims.first, let run = ClaimRun(after: first.body.sequence - 1, claims) else { return }
    feed(place, .wrote(run))
  }

  /// The first node lets a member go: what the fleet has of it and is due counts.
  func remove(_ place: Int) {
    let (issuer, node) = (nodes[0], nodes[place].id)
    if case .clockOff = issuer.machine.gate { return }
    let horizon = corrected(of: 0) + NameRules.fenceMilliseconds
    var taken: [Int64: Int64] = [:]
    for claim in issuer.disk.claims where claim.body.writer.node == node {
      let isDue = claim.body.clock.milliseconds <= horizon || plan.fault == .undueClaimsOfTheRemoved
      if isDue { taken[claim.body.writer.epoch] = max(taken[claim.body.writer.epoch] ?? 0, claim.body.sequence) }
    }
    guard issuer.isUp, nodes[place].hasJoined, issuer.machine.directory.isMember(node),
      let draft = try? issuer.machine.directory.removal(of: node, lastTaken: taken, by: issuer.id, at: wall(of: 0)),
      let record = FleetRecord(draft, signature: fleetNotary.sign(draft.signedBytes))
    else { return }
    nodes[place].wasRestored = true  // what it wrote and nobody took is lost, rightly
    removedBefore[node] = horizon
    feed(0, .issued(DirectoryNews(records: [record])))
  }

  /// What a removed member had dated ahead, and was not due then, never counts.
  func checkRemoved() {
    for place in honest {
      for name in nodes[place].disk.allNames {
        guard let standing = nodes[place].disk.winner(of: name, wall: corrected(of: place))?.claim,
          let horizon = removedBefore[standing.writer.node], standing.clock.milliseconds > horizon
        else { continue }
        fail("on node \(place) counts what a member dated ahead that was removed before it was due")
      }
    }
  }
}
