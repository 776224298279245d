import FleetCore
import RegistryCore

// The disks: one transaction after the other, each durable when it is told of; a crash loses what was not.
extension SimulatedFleet {
  func queue(_ operation: DiskOperation, on place: Int) {
    let range = plan.diskDelay
    let took = range.lowerBound + Int64(chance.below(Int(range.upperBound - range.lowerBound + 1)))
    let done = max(time, nodes[place].diskIsFree) + took
    nodes[place].diskIsFree = done
    events.add(.disk(place, life: nodes[place].life, operation), at: done)
  }

  func perform(_ operation: DiskOperation, on place: Int) {
    let wall = corrected(of: place)
    switch operation {
    case .admit(let token, let runs):
      _ = nodes[place].disk.settleDue(wall: wall)
      let admissions = runs.map { nodes[place].disk.admit($0, wall: wall, notary: nodes[place].notary.ofClaims) }
      for run in runs { checkNames(of: run.claims, on: place) }
      feed(place, .admitted(token, admissions))
    case .read(let token, let wants, let byteLimit): feed(place, .runs(token, read(wants, byteLimit, place)))
    case .correctClock(let milliseconds): correctClock(of: place, by: milliseconds)
    case .apply(let rules):
      nodes[place].disk.apply(rules)
      nodes[place].seen = [:]
    case .beginEpoch(let above, let restating):
      let restated = nodes[place].disk.beginEpoch(
        above: above, restating: restating, wall: wall, notary: nodes[place].notary.ofClaims)
      feed(place, .began(nodes[place].disk.writer))
      tell(restated, place)
    case .shorten(let retention, let forgettable):
      let log = nodes[place].disk.shorten(to: retention, forgetting: forgettable, wall: wall)
      result.dropped += log.dropped
      checkNames(Set(nodes[place].seen.keys), on: place)
      feed(place, .shortened(log))
    case .keepBytes(let digest): nodes[place].bytes.insert(digest)
    case .write(let change, let begun): write(change, begun: begun, place)
    }
  }

  private func read(_ wants: [Want], _ byteLimit: Int, _ place: Int) -> [ClaimRun] {
    var (runs, room) = ([ClaimRun](), byteLimit)
    for want in wants where room > 0 {
      guard let run = nodes[place].disk.run(of: want.writer, after: want.after, byteLimit: room) else { continue }
      room -= run.claims.reduce(0) { $0 + $1.bytes.count }
      runs.append(run)
    }
    return runs
  }

  private func write(_ change: ClientChange, begun: Int64, _ place: Int) {
    // What is written now is dated after all that counts.
    _ = nodes[place].disk.settleDue(wall: corrected(of: place))
    let words = words(of: change, on: place)
    // The gate may have closed since the client asked.
    guard nodes[place].machine.gate == .open, let claims = say(words.filter(\.isClaimed), place) else {
      result.refused += 1
      return
    }
    result.acknowledged += claims.count
    result.saidAgain += words.count { $0.isSo && $0.isClaimed }
    if !nodes[place].isHostile { acknowledged += claims }
    promise(words, begun: begun, place)
    // In this instant, and not only when all is well again: a crash could come now.
    checkBytes(of: claims, on: place)
    checkNames(of: claims, on: place)
    checkDates(of: claims, on: place)
    tell(claims, place)
  }

  /// One transaction: all is said, or nothing, since the rules let one of them not decide.
  private func say(_ words: [Word], _ place: Int) -> [SignedClaim]? {
    let (wall, notary) = (wall(of: place), nodes[place].notary.ofClaims)
    var disk = nodes[place].disk
    var claims: [SignedClaim] = []
    for word in words {
      let claim = disk.write(word.name, word.value, wall: wall, notary: notary)
      guard nodes[place].isHostile || disk.stands(claim.body) else { return nil }
      claims.append(claim)
    }
    nodes[place].disk = disk
    return claims
  }

  private func correctClock(of place: Int, by milliseconds: Int64) {
    nodes[place].clockCorrection = milliseconds
    let ahead = wall(of: place) + milliseconds - leapt - time
    nodes[place].membersAheadOfMonotonic = milliseconds == 0 ? nil : ahead
    nodes[place].seen = [:]
    _ = nodes[place].disk.settleDue(wall: corrected(of: place))
  }

  private func tell(_ claims: [SignedClaim], _ place: Int) {
    guard let first = claims.first, let run = ClaimRun(after: first.body.sequence - 1, claims) else { return }
    feed(place, .wrote(run))
  }
}
