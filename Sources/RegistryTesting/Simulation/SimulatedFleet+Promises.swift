import FleetCore
import RegistryCore

// What clients are told holds, also where no claim tells of it.
//
// How far apart may clocks be? No node dates anything further ahead of the true time than `furthestDate`: its own clock is
// at most `FleetLimits.clockOffMilliseconds` (10 s) ahead, else its gate is shut; and it dates after others only if these
// are not beyond the fence (30 s) of that. Nor does one date anything more than 10 s behind, unless it hears nobody. So
// only within 50 s can an operation lose to one that was acknowledged before it began; and only within 20 s, where nobody
// dates ahead on purpose. Here it is known by how much each clock is off, so it is asked for to the millisecond: what was
// promised loses only to what is dated `Promise.floor` or later. Among right clocks that is nothing that was acknowledged
// before.
extension SimulatedFleet {
  /// Since 1970, in milliseconds, by a clock that is right.
  var trueTime: Int64 { Self.epoch + leapt + time }

  private var furthestDate: Int64 {
    trueTime + FleetLimits.clockOffMilliseconds + NameRules.fenceMilliseconds
  }

  func standing(_ name: ClaimedName, on place: Int) -> (value: [UInt8]?, claim: NameCandidate)? {
    nodes[place].disk.winner(of: name, wall: corrected(of: place))
  }

  /// What the catalogue does, decided by the same rule.
  func words(of change: ClientChange, on place: Int) -> [Word] {
    switch change {
    case .publish(let digest, let tags):
      let repository = tags.first?.repository ?? Self.tags[0].repository
      let manifest = Self.manifest(digest, in: repository)
      return [word(manifest, [1], place)] + tags.map { word($0, manifest.key, place) }
    case .untag(let tag):
      return gone(tag, place).map { [$0] } ?? []
    case .retract(let manifest):
      guard let gone = gone(manifest, place) else { return [] }
      let tags = Self.tags.filter {
        $0.repository == manifest.repository && standing($0, on: place)?.value == manifest.key
      }
      return tags.compactMap { self.gone($0, place) } + [gone]
    }
  }

  private func word(_ name: ClaimedName, _ value: [UInt8], _ place: Int) -> Word {
    let (standing, disk) = (standing(name, on: place), nodes[place].disk)
    let isSo = standing?.value == value
    let isClaimed = disk.rules.mustClaim(
      name.kind, in: name.repository, isSo: isSo, saysAgain: !disk.faults.contains(.silentRepush))
    return Word(name: name, value: value, stood: standing?.claim.clock, isSo: isSo, isClaimed: isClaimed)
  }

  /// `nil`: there is none, and the client is told so.
  private func gone(_ name: ClaimedName, _ place: Int) -> Word? {
    guard let standing = standing(name, on: place), standing.value != nil else { return nil }
    return Word(name: name, value: nil, stood: standing.claim.clock, isSo: false, isClaimed: true)
  }

  func promise(_ words: [Word], begun: Int64, _ place: Int) {
    guard !nodes[place].isHostile else { return }
    for word in words {
      // That is kept by a rule, and goes with it.
      if word.name.kind == .tag, nodes[place].disk.rules.immutableSince(in: word.name.repository) != nil { continue }
      promises[word.name, default: []].append(
        Promise(
          name: word.name, value: word.value, place: place, begun: begun, told: trueTime, offset: nodes[place].skew,
          stood: word.stood))
    }
  }

  func checkDates(of claims: [SignedClaim], on place: Int) {
    guard !nodes[place].isHostile, !nodes[place].wasAhead else { return }
    for claim in claims where claim.body.clock.milliseconds > furthestDate {
      fail("node \(place) dates a claim \(claim.body.clock.milliseconds - trueTime) ms ahead")
    }
  }

  /// - Parameter winner: of all claims about the name; `nil`: none counts.
  func checkPromises(_ name: ClaimedName, kept winner: NameCandidate?, _ value: [UInt8]?, by rules: NameRules) {
    if name.kind == .tag, rules.immutableSince(in: name.repository) != nil { return }
    for promise in promises[name] ?? [] where promise.value != value && !isExcused(promise, by: rules) {
      if let winner, winner.clock >= promise.floor { continue }
      let said = winner.map { "said \(promise.begun - $0.clock.milliseconds) ms before" } ?? "by nobody"
      fail(
        "node \(promise.place) told a client at \(promise.told - Self.epoch) ms, who had asked at "
          + "\(promise.begun - Self.epoch) ms, that a \(name.kind == .tag ? "tag" : "manifest") is \(String(describing: promise.value)); it is "
          + "\(String(describing: value)), \(said)")
    }
  }

  /// What it said may be lost, or may not count, rightly.
  private func isExcused(_ promise: Promise, by rules: NameRules) -> Bool {
    let node = nodes[promise.place]
    return node.wasRestored || node.wasAhead || !rules.mayWrite(node.id, promise.name.repository)
  }
}
