import FleetCore
import RegistryCore

// What goes wrong.
extension SimulatedFleet {
  func planAdversity() {
    for _ in 0..<plan.clientOperations { planOperation(at: moment()) }
    for _ in 0..<plan.crashes {
      let (place, at) = (chance.below(all), moment())
      events.add(.crash(place), at: at)
      events.add(.start(place), at: at + Int64(chance.below(8000)))
    }
    for _ in 0..<plan.partitions {
      let at = moment()
      events.add(.partition((0..<all).map { _ in chance.below(2) }), at: at)
      events.add(.partition([Int](repeating: 0, count: all)), at: at + 1000 + Int64(chance.below(20_000)))
    }
    for _ in 0..<plan.cuts { events.add(.cut(from: chance.below(all), to: chance.below(all)), at: moment()) }
    for _ in 0..<plan.restoredDisks {
      let (place, at) = (chance.below(all), 5000 + moment() / 2)
      events.add(.backUp(place), at: at)
      events.add(.restore(place), at: at + 2000 + Int64(chance.below(15_000)))
    }
    for _ in 0..<plan.skews {
      let far = Int64([500, 20_000, 7_200_000][chance.below(3)]) * (chance.below(2) == 0 ? 1 : -1)
      let (place, at) = (chance.below(all), moment())
      events.add(.skew(place, far), at: at)
      events.add(.skew(place, 0), at: at + Int64(chance.below(10_000)))
    }
    for _ in 0..<plan.leadsAlone { planLeadAlone() }
    planChanges()
    for _ in 0..<plan.removals { events.add(.remove(1 + chance.below(all - 1)), at: moment()) }
    for _ in 0..<plan.thieves { planThief(1 + chance.below(plan.nodes - 1), at: moment() / 2) }
  }

  private func planLeadAlone() {
    let (place, at) = (chance.below(all), moment() / 2)
    events.add(.crash(place), at: at)
    events.add(.skew(place, 7_200_000), at: at)
    events.add(.partition((0..<all).map { $0 == place ? 1 : 0 }), at: at)
    events.add(.start(place), at: at)
    for tag in 0..<3 {
      digests += 1
      events.add(.client(place, .push(Self.tags[tag], digest: digests)), at: at + 3000 + Int64(tag) * 100)
    }
    events.add(.skew(place, 0), at: at + 5000)
    events.add(.partition([Int](repeating: 0, count: all)), at: at + 5000)
    for tag in 1..<4 {
      digests += 1
      events.add(.client(place, .push(Self.tags[tag], digest: digests)), at: at + 9000 + Int64(tag) * 100)
    }
  }

  private var all: Int { nodes.count }

  private func planChanges() {
    for place in plan.nodes..<plan.nodes + plan.joins { events.add(.join(place), at: moment()) }
    for _ in 0..<plan.newAddresses { events.add(.changeAddress(chance.below(nodes.count)), at: moment()) }
    for _ in 0..<plan.policies { events.add(.changePolicy, at: moment()) }
    guard plan.leaps > 0 else { return }
    for _ in 1..<plan.leaps { events.add(.leap(days: [3, 31, 50, 95][chance.below(4)]), at: moment()) }
    planAbsence(at: moment())
    for at in stride(from: 2000, to: plan.adversity + plan.recovery, by: 2000) {
      for place in nodes.indices { events.add(.shorten(place), at: at + Int64(chance.below(2000))) }
    }
  }

  /// A member is away for a quarter of a year, and does not know what was deleted right before that.
  private func planAbsence(at moment: Int64) {
    let (away, writer) = (chance.below(all), chance.below(all))
    let (gone, other) = (Self.tags[chance.below(Self.tags.count)], Self.tags[chance.below(Self.tags.count)])
    digests += 1
    events.add(.crash(away), at: moment)
    events.add(.client(writer, .deleteManifest(gone)), at: moment + 100)
    events.add(.client(writer, .push(other, digest: digests)), at: moment + 200)
    events.add(.leap(days: 95), at: moment + 1500)
    // By then everybody else has shortened its log several times.
    events.add(.start(away), at: moment + 8000)
  }

  private func moment() -> Int64 { 1000 + Int64(chance.below(Int(plan.adversity - 1000))) }

  func suffer(_ event: SimulatedEvent) {
    switch event {
    case .crash(let place): crash(place)
    case .start(let place): start(place)
    case .partition(let sides): if !hasHealed { self.sides = sides }
    case .cut(let from, let to): if !hasHealed { cuts.insert(from * nodes.count + to) }
    case .backUp(let place): nodes[place].backup = (nodes[place].disk, nodes[place].bytes)
    case .restore(let place): restore(place)
    case .skew(let place, let skew):
      nodes[place].skew = hasHealed ? 0 : skew
      // With the fence on top, what others dated ahead may carry it off too.
      if skew > FleetLimits.clockOffMilliseconds { nodes[place].wasAhead = true }
      nodes[place].seen = [:]
    case .remove(let place): remove(place)
    case .writeAhead(let place): writeAhead(place)
    case .join(let place): join(place)
    case .changeAddress(let place): changeAddress(of: place)
    case .changePolicy: changePolicy()
    case .leap(let days): leap(by: days)
    case .shorten(let place): shorten(place)
    case .heal: heal()
    default: break
    }
  }

  private func crash(_ place: Int) {
    guard nodes[place].hasJoined else { return }
    nodes[place].isUp = false
    nodes[place].life += 1
    nodes[place].diskIsFree = time
    checkBytes(on: place)
  }

  func start(_ place: Int) {
    guard nodes[place].hasJoined, nodes[place].life == 0 || !nodes[place].isUp else { return }
    nodes[place].isUp = true
    nodes[place].life += 1
    (nodes[place].clockCorrection, nodes[place].membersAheadOfMonotonic) = (0, nil)
    let old = nodes[place].machine
    nodes[place].machine = FleetMachine(
      node: old.node, directory: old.directory, cards: old.cards, notary: nodes[place].notary, seed: chance.next())
    feed(place, .started(writer: nodes[place].disk.writer, heads: nodes[place].disk.heads))
  }

  private func restore(_ place: Int) {
    guard let backup = nodes[place].backup, !hasHealed else { return }
    if nodes[place].isUp { crash(place) }
    (nodes[place].disk, nodes[place].bytes) = backup
    nodes[place].wasRestored = true
    nodes[place].seen = [:]
    start(place)
  }

  private func heal() {
    hasHealed = true
    sides = sides.map { _ in 0 }
    (cuts, lossPercent) = ([], 0)
    for place in nodes.indices {
      nodes[place].skew = 0
      nodes[place].seen = [:]
      start(place)
    }
  }
}
